internal import OCIModel

/// A member of a JSON object while it is read, and the other way.
///
/// Times are RFC 3339 in UTC; what is nil is left out.
struct Members {
    let json: JSONValue

    func text(_ name: String) throws(OCIParseError) -> String {
        guard let text = json[name]?.string else { throw OCIParseError("there is no text \(name)") }
        return text
    }

    func optionalText(_ name: String) throws(OCIParseError) -> String? {
        isMissing(name) ? nil : try text(name)
    }

    func count(_ name: String) throws(OCIParseError) -> Int64 {
        guard let count = json[name]?.integer, count >= 0 else { throw OCIParseError("there is no number \(name)") }
        return count
    }

    func texts(_ name: String) throws(OCIParseError) -> [String] {
        var texts: [String] = []
        for element in try list(name) {
            guard let text = element.string else { throw OCIParseError("\(name) is no list of texts") }
            texts.append(text)
        }
        return texts
    }

    func list(_ name: String) throws(OCIParseError) -> [JSONValue] {
        guard let list = json[name]?.array else { throw OCIParseError("there is no list \(name)") }
        return list
    }

    func time(_ name: String) throws(OCIParseError) -> Int64? {
        guard let text = try optionalText(name) else { return nil }
        guard let time = RFC3339.microseconds(parsing: text) else { throw OCIParseError("\(name) is no time") }
        return time
    }

    func digest(_ name: String) throws(OCIParseError) -> Digest? {
        guard let text = try optionalText(name) else { return nil }
        return try Digest(parsing: text)
    }

    /// One word of a closed set.
    func word<Word: RawRepresentable<String>>(_ name: String, _: Word.Type) throws(OCIParseError) -> Word {
        guard let word = Word(rawValue: try text(name)) else { throw OCIParseError("\(name) is an unknown word") }
        return word
    }

    /// An object that may be missing.
    func object(_ name: String) -> JSONValue? { isMissing(name) ? nil : json[name] }

    private func isMissing(_ name: String) -> Bool {
        guard let value = json[name] else { return true }
        return value == .null
    }

    static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(members.compactMap { name, value in value.map { (name, $0) } })
    }

    static func text(_ value: String?) -> JSONValue? { value.map { .string($0) } }

    static func time(_ value: Int64?) -> JSONValue? { value.map { .string(RFC3339.text(microseconds: $0)) } }
}
