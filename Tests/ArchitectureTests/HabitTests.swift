import Testing

/// What no file may hold.
@Suite struct HabitTests {
    private static let sources = SourceFile.all(below: "Sources")
    private static let tests = SourceFile.all(below: "Tests")

    @Test("No Foundation, only its essentials: a formatter adds 45 MB to the binary") func foundation() {
        for file in HabitTests.sources {
            for module in file.imports {
                #expect(
                    !["Foundation", "FoundationNetworking", "FoundationInternationalization"].contains(module),
                    "\(file.path)")
            }
        }
    }

    @Test("Only commands print") func printing() {
        for file in HabitTests.sources where file.target != "Commands" {
            for number in file.codeLines(with: "print(") {
                let line = file.lines[number - 1]
                let isCall = line.firstMatch(of: /(^|[^A-Za-z0-9_.])print\(/) != nil
                #expect(!isCall, "\(file.path):\(number)")
            }
        }
    }

    @Test("Data from outside never traps: no try!, as! or fatalError") func traps() {
        for file in HabitTests.sources {
            for text: StaticString in ["try!", "as!", "fatalError("] {
                #expect(file.codeLines(with: text).isEmpty, "\(file.path) has \(text)")
            }
        }
    }

    @Test("Nothing escapes the checks of concurrency") func escapes() {
        for file in HabitTests.sources {
            for text: StaticString in ["nonisolated(unsafe)", "@preconcurrency", "Task.detached"] {
                #expect(file.codeLines(with: text).isEmpty, "\(file.path) has \(text)")
            }
        }
    }

    @Test("What is Sendable without a check says which lock or thread makes it so") func unchecked() {
        var count = 0
        for file in HabitTests.sources where file.contains("@unchecked Sendable") {
            let lines = file.lines
            for number in file.codeLines(with: "@unchecked Sendable") {
                count += 1
                #expect(HabitTests.namesItsGuard(lines, at: number - 1), "\(file.path):\(number)")
            }
        }
        #expect(count > 5)
    }

    /// Whether a comment right above or below names a lock, a thread, or says that nothing changes.
    private static func namesItsGuard(_ lines: [String], at position: Int) -> Bool {
        let above = lines[..<position].reversed().prefix { isComment($0) }
        let below = lines[(position + 1)...].prefix(5).filter { isComment($0) }
        return (above + below).contains { line in
            ["lock", "thread", "mutex", "never changed"].contains { line.lowercased().range(of: $0) != nil }
        }
    }

    private static func isComment(_ line: String) -> Bool { line.drop { $0 == " " }.hasPrefix("//") }

    @Test("Notes to do something later name their issue") func notes() {
        for file in HabitTests.sources + HabitTests.tests where file.target != "ArchitectureTests" {
            for text: StaticString in ["TODO", "FIXME", "XXX"] where file.contains(text) {
                let open = file.lines.filter { $0.firstMatch(of: /\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/) != nil }
                #expect(open.isEmpty, "\(file.path): \(open.first ?? "")")
            }
        }
    }

    @Test("Files stay short: 400 lines, 600 in tests") func length() {
        for file in HabitTests.sources { #expect(file.lineCount <= 400, "\(file.path) has \(file.lineCount) lines") }
        for file in HabitTests.tests { #expect(file.lineCount <= 600, "\(file.path) has \(file.lineCount) lines") }
    }

    @Test("The comment rule sees a missing comment") func commentRule() {
        let bare = ["/// A thing.", "final class A: @unchecked Sendable {", "    var x = 1"]
        #expect(!HabitTests.namesItsGuard(bare, at: 1))
        #expect(HabitTests.namesItsGuard(bare + ["    // Unchecked: the thread that made it."], at: 1))
        #expect(HabitTests.namesItsGuard(["/// Behind a lock."] + bare, at: 2))
        #expect(!HabitTests.namesItsGuard(["/// Behind a lock.", ""] + bare, at: 3))
    }
}
