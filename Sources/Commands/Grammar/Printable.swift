/// Text from outside made fit for a terminal.
enum Printable {
    /// The text with every character that could steer a terminal or end a line written as `\u{…}`.
    static func text(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var output = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) {
                output += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    /// The text in single quotes, at most 100 characters of it.
    static func quoted(_ text: String) -> String {
        "'" + Printable.text(String(text.prefix(100))) + (text.count > 100 ? "…'" : "'")
    }

    /// A JSON document with every character that could steer a terminal written as `\u…`; it means the same.
    ///
    /// Such characters stand inside strings only: outside of them JSON is ASCII without controls but line feeds.
    static func json(_ document: String) -> String {
        if document.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0A }) { return document }
        var output = ""
        for scalar in document.unicodeScalars {
            guard scalar != "\n", isUnsafe(scalar) else {
                output.unicodeScalars.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let hex = String(unit, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }
        }
        return output
    }

    /// `a, b or c`.
    static func list(_ words: [String], _ conjunction: String) -> String {
        guard let last = words.last else { return "" }
        return words.count == 1 ? last : words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return true
        default: return false
        }
    }
}
