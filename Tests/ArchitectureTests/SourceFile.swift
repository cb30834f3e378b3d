import Glibc

/// One Swift file of the repository.
struct SourceFile {
    /// Its path below the repository's root.
    let path: String
    let bytes: [UInt8]

    /// The target it belongs to: `Posix` of `Sources/Posix/File.swift`.
    var target: String { String(path.split(separator: "/")[1]) }

    var lineCount: Int { bytes.count { $0 == UInt8(ascii: "\n") } }

    /// The lines, without their ends. Slow in a debug build: only for files that have something to look at.
    var lines: [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    func contains(_ text: StaticString) -> Bool {
        String(decoding: bytes, as: UTF8.self).withCString { whole in
            text.utf8Start.withMemoryRebound(to: CChar.self, capacity: text.utf8CodeUnitCount + 1) {
                strstr(whole, $0) != nil
            }
        }
    }

    /// The numbers of the lines that hold the text outside a comment, from 1.
    func codeLines(with text: StaticString) -> [Int] {
        guard contains(text) else { return [] }
        return lines.enumerated().compactMap { number, line in
            let code = line.range(of: "//").map { line[..<$0] } ?? line[...]
            return code.range(of: "\(text)") != nil ? number + 1 : nil
        }
    }

    /// The modules it imports.
    var imports: [String] {
        guard contains("import ") else { return [] }
        return lines.compactMap { line in
            var words = line.split(separator: " ")
            while let first = words.first, first.hasPrefix("@") || SourceFile.levels.contains(String(first)) {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            if words.count > 2, ["struct", "class", "enum", "func", "protocol"].contains(words[1]) {
                words.remove(at: 1)
            }
            return String(words[1].prefix { $0 != "." })
        }
    }

    private static let levels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]

    // MARK: Reading

    static let root: String = String(#filePath.dropLast("/Tests/ArchitectureTests/SourceFile.swift".utf8.count))

    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(root + "/" + path, "rb") else { return [] }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        let size = ftell(file)
        rewind(file)
        return [UInt8](unsafeUninitializedCapacity: size) { $1 = fread($0.baseAddress, 1, size, file) }
    }

    /// All Swift files below a folder, sorted.
    static func all(below folder: String) -> [SourceFile] {
        guard let directory = opendir(root + "/" + folder) else { return [] }
        defer { closedir(directory) }
        var files: [SourceFile] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let path = folder + "/" + name
            if entry.pointee.d_type == UInt8(DT_DIR) {
                files += all(below: path)
            } else if name.hasSuffix(".swift") {
                files.append(SourceFile(path: path, bytes: read(path)))
            }
        }
        return files.sorted { $0.path < $1.path }
    }
}

extension String {
    /// Where a text begins; nil when it is not there.
    func range(of text: String) -> String.Index? {
        guard !text.isEmpty else { return nil }
        var start = utf8.startIndex
        let wanted = Array(text.utf8)
        while start < utf8.endIndex {
            if utf8[start] == wanted[0], utf8[start...].starts(with: wanted) { return start }
            start = utf8.index(after: start)
        }
        return nil
    }
}

extension Substring {
    func range(of text: String) -> String.Index? { String(self).range(of: text) }
}
