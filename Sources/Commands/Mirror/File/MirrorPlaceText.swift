import Sync

/// Places as people write them in a mirror file and on the command line.
enum MirrorPlaceText {
    private static let hint =
        "write oci://host/path (oci+http:// without TLS), https://host/path for a chart repository, store:PATH, or "
        + "layout:DIR"

    /// Reads a place; `${NAME}` stands for a variable, and a relative directory begins where the value's file lies.
    ///
    /// Messages never hold the text, in which there might be a password.
    static func read(_ value: GivenValue, _ place: ValuePlace) throws(ValueMistake) -> MirrorPlace {
        guard case .text(let given, let base) = value else { throw ValueMistake("must be one place, not a list") }
        let text = try EnvironmentText.expanded(given, place.environment)
        if text.hasPrefix("store:") { return .store(path: try repository(text.dropFirst(6))) }
        if text.hasPrefix("layout:") {
            let directory = GivenValue.text(String(text.dropFirst(7)), base: base)
            return .layout(directory: trimmed(try directory.path(home: place.home)))
        }
        guard ["oci://", "oci+http://", "https://", "http://"].contains(where: text.hasPrefix) else {
            throw ValueMistake("this is no place to mirror from or to", hint: hint)
        }
        let afterScheme = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? ""
        guard !afterScheme.utf8.prefix(while: { $0 != UInt8(ascii: "/") }).contains(UInt8(ascii: "@")) else {
            throw ValueMistake(
                "the URL holds a user or a password, which are not taken from here",
                hint: "write an entry in hosts with username and passwordEnvironment")
        }
        let address = try UpstreamAddress(url: text)
        guard address.kind == .oci else { return .charts(url: address.text) }
        return .registry(authority: address.authority, isSecure: address.isSecure, path: address.path)
    }

    /// Reads `host` or `host:port`.
    static func authority(_ text: String) throws(ValueMistake) -> String {
        guard !text.utf8.contains(where: { "/@?# ".utf8.contains($0) }), !text.isEmpty else {
            throw ValueMistake("must be host or host:port, without a scheme or a path")
        }
        return try UpstreamAddress(url: "https://" + text).authority
    }

    private static func repository(_ path: Substring) throws(ValueMistake) -> String {
        guard !path.isEmpty else { return "" }
        return try UpstreamAddress(url: "oci://store/" + path).path
    }

    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

/// Environment variables in values.
enum EnvironmentText {
    /// The text with the value of a variable in place of each `${NAME}`.
    ///
    /// - Throws: for a variable that is not set or is empty, and a brace without its other half; never with a value.
    static func expanded(_ text: String, _ environment: [String: String]) throws(ValueMistake) -> String {
        var output = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${") {
            output += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else {
                throw ValueMistake("has ${ without its }")
            }
            let name = String(rest[open.upperBound..<close])
            guard isName(name) else { throw ValueMistake("has ${…} around what is no name of a variable") }
            guard let value = environment[name], !value.isEmpty else {
                throw ValueMistake("the variable \(name) is not set, or is empty")
            }
            output += value
            rest = rest[rest.index(after: close)...]
        }
        return output + rest
    }

    /// Whether a text may be a variable's name.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                default: false
                }
            }
    }
}
