import OCIModel

/// Patterns of the path behind a prefix: `*` stands for any text within an element, `**` for any text at all.
enum UpstreamPattern {
    /// - Throws: when no path could ever fit.
    static func check(_ text: String) throws(ValueMistake) {
        guard !text.isEmpty else { throw ValueMistake("holds an empty pattern") }
        guard !text.contains("***") else {
            throw ValueMistake("\(Printable.quoted(text)) is no pattern", hint: "* and ** are all there is")
        }
        // A letter goes with whatever may stand beside it, so what it does not make legal nothing does.
        let sample = text.replacing("**", with: "a").replacing("*", with: "a")
        guard (try? RepositoryName(parsing: sample)) != nil else {
            throw ValueMistake(
                "\(Printable.quoted(text)) fits no path: paths have lower-case letters, digits and '.', '_', '-' "
                    + "between them, and no '/' at an end")
        }
    }

    /// Every element, with the number of the one that is wrong.
    static func check(all texts: [String]) throws(ValueMistake) {
        for (index, text) in texts.enumerated() {
            do throws(ValueMistake) {
                try check(text)
            } catch {
                throw error.at(index)
            }
        }
    }
}

extension UpstreamRewrite {
    /// Reads `from=to`, where each side has one `*`.
    init(_ text: String) throws(ValueMistake) {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2, sides.allSatisfy({ side in side.utf8.count { $0 == UInt8(ascii: "*") } == 1 }) else {
            throw ValueMistake(
                "\(Printable.quoted(text)) is no rewrite", hint: "write from=to with one * on each side: *=library/*")
        }
        for side in sides { try UpstreamPattern.check(side) }
        (from, to) = (sides[0], sides[1])
    }

    /// `from=to`.
    var text: String { from + "=" + to }

    /// Every element, with the number of the one that is wrong.
    static func read(_ texts: [String]) throws(ValueMistake) -> [UpstreamRewrite] {
        var rewrites: [UpstreamRewrite] = []
        for (index, text) in texts.enumerated() {
            do throws(ValueMistake) {
                let rewrite = try UpstreamRewrite(text)
                if let earlier = rewrites.first(where: { $0.takesAll(of: rewrite) }) {
                    throw ValueMistake(
                        "\(Printable.quoted(text)) is never reached: \(earlier.text) stands in front of it")
                }
                rewrites.append(rewrite)
            } catch {
                throw error.at(index)
            }
        }
        return rewrites
    }

    /// Whether everything that fits `other` fits this.
    private func takesAll(of other: UpstreamRewrite) -> Bool {
        func ends(_ pattern: String) -> (Substring, Substring) {
            let star = pattern.utf8.firstIndex(of: UInt8(ascii: "*")) ?? pattern.endIndex
            return (pattern[..<star], pattern[star...].dropFirst())
        }
        let (mine, others) = (ends(from), ends(other.from))
        return others.0.hasPrefix(mine.0) && others.1.hasSuffix(mine.1)
    }
}

extension ValueMistake {
    /// The same of an element.
    func at(_ element: Int) -> ValueMistake {
        var mistake = self
        mistake.element = element
        return mistake
    }
}
