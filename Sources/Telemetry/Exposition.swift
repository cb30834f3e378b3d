/// Writes the text exposition format.
struct Exposition {
    private(set) var text = ""

    mutating func head(_ name: StaticString, help: StaticString, type: String) {
        text += "# HELP \(name) "
        for scalar in help.description.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(
        _ name: StaticString, suffix: String = "", labels: [(StaticString, String)] = [], bound: String? = nil,
        value: String
    ) {
        text += "\(name)" + suffix
        if !labels.isEmpty || bound != nil {
            var pairs = labels.map { "\($0.0)=\"" + Exposition.escaped($0.1) + "\"" }
            if let bound { pairs.append("le=\"\(bound)\"") }
            text += "{" + pairs.joined(separator: ",") + "}"
        }
        text += " " + value + "\n"
    }

    mutating func histogram(_ name: StaticString, _ histogram: Histogram, labels: [(StaticString, String)]) {
        let (cumulative, count, nanoseconds) = histogram.snapshot()
        for (bound, below) in zip(histogram.bounds, cumulative) {
            let text = Decimal.seconds(nanoseconds: bound)
            sample(name, suffix: "_bucket", labels: labels, bound: text, value: String(below))
        }
        sample(name, suffix: "_bucket", labels: labels, bound: "+Inf", value: String(count))
        let seconds = Decimal.seconds(nanoseconds: Int64(clamping: nanoseconds))
        sample(name, suffix: "_sum", labels: labels, value: seconds)
        sample(name, suffix: "_count", labels: labels, value: String(count))
    }

    /// Whether a name is `[a-zA-Z_:][a-zA-Z0-9_:]*`; labels have no colon and may not begin with two underscores.
    static func isName(_ name: StaticString, allowsColon: Bool) -> Bool {
        let text = name.description
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        guard allowsColon || (!text.hasPrefix("__") && text != "le") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): allowsColon
            default: false
            }
        }
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
