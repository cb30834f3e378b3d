/// How a record becomes a line.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-11-20T19:09:00.123Z info  message name=value`: for people.
    case text
    /// One JSON object: `time`, `level`, `message`, then the fields.
    case json

    /// The record as one line of UTF-8 with its final newline.
    ///
    /// No byte of the record's data ends the line or reaches a terminal as a control: controls, format characters
    /// (bidirectional overrides among them) and line separators are written as escapes.
    public func line(_ record: LogRecord) -> String {
        switch self {
        case .text: LogFormat.textLine(record)
        case .json: LogFormat.jsonLine(record)
        }
    }

    private static func textLine(_ record: LogRecord) -> String {
        var line = Timestamp.rfc3339(microseconds: record.microseconds, fractionDigits: 3)
        line += " " + record.level.name + String(repeating: " ", count: max(1, 8 - record.level.name.utf8.count))
        appendEscaped(record.message, quoted: false, to: &line)
        for (name, value) in record.fields {
            line += " \(name)="
            switch value {
            case .string(let text): appendTextValue(text, to: &line)
            case .integer, .bool, .duration: line += plain(value)
            }
        }
        return line + "\n"
    }

    private static func jsonLine(_ record: LogRecord) -> String {
        var line = "{\"time\":\"" + Timestamp.rfc3339(microseconds: record.microseconds, fractionDigits: 3)
        line += "\",\"level\":\"" + record.level.name + "\",\"message\":\""
        appendJSON(record.message, to: &line)
        line += "\""
        for (name, value) in record.fields {
            line += ",\"\(name)\":"
            switch value {
            case .string(let text):
                line += "\""
                appendJSON(text, to: &line)
                line += "\""
            case .integer, .bool, .duration: line += plain(value)
            }
        }
        return line + "}\n"
    }

    private static func plain(_ value: LogValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .duration(let duration): Decimal.text(nanoseconds: Decimal.nanoseconds(duration), pointAt: 6, digits: 3)
        }
    }

    /// Bare when every character is printable ASCII without space, quote, `=` or backslash; quoted otherwise.
    private static func appendTextValue(_ text: String, to line: inout String) {
        let isBare =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                    && byte != UInt8(ascii: "\\")
            }
        if isBare {
            line += text
        } else {
            line += "\""
            appendEscaped(text, quoted: true, to: &line)
            line += "\""
        }
    }

    private static func appendEscaped(_ text: String, quoted: Bool, to line: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": line += "\\\\"
            case "\"": line += quoted ? "\\\"" : "\""
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where isUnsafe(scalar): line += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func appendJSON(_ text: String, to line: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": line += "\\\\"
            case "\"": line += "\\\""
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where isUnsafe(scalar):
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16)
                    line += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    /// Whether a character could end a line, move a cursor or turn text around.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return true
        default: return false
        }
    }
}
