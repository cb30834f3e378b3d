import OCIModel

/// Writes trees as YAML blocks that every reader of YAML 1.1 and 1.2 reads back as the same tree.
///
/// Texts stand plain where no reader can take them for anything else, and in double quotes otherwise.
struct BlockText {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: String) { bytes += text.utf8 }

    /// Members or elements, one a line at this depth in columns; the first goes on in the current line when inline.
    mutating func write(_ value: JSONValue, indent: Int, isInline: Bool) {
        switch value {
        case .object(let members) where !members.isEmpty:
            var isFirst = isInline
            for (name, value) in members {
                if !isFirst { breakLine(indent) }
                isFirst = false
                writeMember(name, value, indent: indent)
            }
        case .array(let elements) where !elements.isEmpty:
            var isFirst = isInline
            for element in elements {
                if !isFirst { breakLine(indent) }
                isFirst = false
                append("- ")
                write(element, indent: indent + 2, isInline: true)
            }
        case .object: append("{}")
        case .array: append("[]")
        case .null, .bool, .integer, .number: bytes += value.text()
        case .string(let text): writeString(text)
        }
    }

    private mutating func writeMember(_ name: String, _ value: JSONValue, indent: Int) {
        // Readers look for the colon of a short key within 1,024 characters.
        if name.utf8.count > 128 {
            append("? ")
            writeString(name)
            breakLine(indent)
            append(": ")
            return write(value, indent: indent + 2, isInline: true)
        }
        writeString(name)
        append(":")
        switch value {
        case .array(let elements) where !elements.isEmpty: write(value, indent: indent, isInline: false)
        case .object(let members) where !members.isEmpty: write(value, indent: indent + 2, isInline: false)
        case .null, .bool, .integer, .number, .string, .array, .object:
            append(" ")
            write(value, indent: indent + 2, isInline: true)
        }
    }

    mutating func breakLine(_ indent: Int) {
        bytes.append(UInt8(ascii: "\n"))
        bytes += repeatElement(UInt8(ascii: " "), count: indent)
    }

    // MARK: Texts

    mutating func writeString(_ text: String) {
        if BlockText.isPlain(text.utf8) {
            append(text)
        } else {
            writeQuoted(text)
        }
    }

    /// Whether it begins with a letter, holds nothing that has a meaning, and is none of the words that have one.
    private static func isPlain(_ text: String.UTF8View) -> Bool {
        guard let first = text.first, isLetter(first), text.last != UInt8(ascii: " ") else { return false }
        if text.count <= 5, words.contains(where: { isSame(text, $0) }) { return false }
        return text.allSatisfy(isHarmless)
    }

    /// What means a boolean, null or a number to some reader, in whatever case.
    private static let words: [String] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]

    private static func isSame(_ text: String.UTF8View, _ word: String) -> Bool {
        text.lazy.map { $0 | 0x20 }.elementsEqual(word.utf8)
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: ","),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "("),
            UInt8(ascii: ")"):
            true
        default: false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private mutating func writeQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        {
            return append(text)
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            // What does not print, breaks lines, or is no character: readers refuse it or change it.
            case "\u{0}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                let hex = String(scalar.value, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
            default: bytes += String(scalar).utf8
            }
        }
    }
}
