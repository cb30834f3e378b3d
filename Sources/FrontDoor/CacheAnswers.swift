public import Content
public import HTTPServer

extension Response {
    /// The response with what a cache says of itself: `Age` and a `Warning` for each warning.
    ///
    /// Warnings are cut so that all values together have at most 4096 bytes, the last ones first.
    /// <https://www.rfc-editor.org/rfc/rfc7234#section-5.5>
    public func noted(_ note: CacheNote) -> Response {
        guard note.age != nil || !note.warnings.isEmpty else { return self }
        var response = self
        if let age = note.age { response.headers.append(("Age", String(max(0, age)))) }
        var room = 4096
        for warning in note.warnings {
            guard let value = warning.fieldValue(within: room) else { break }
            room -= value.utf8.count
            response.headers.append(("Warning", value))
        }
        return response
    }
}

extension CacheWarning {
    /// The field value, as `110 - "Response is Stale"`, its text cut at so many bytes; nil when there is no room for any.
    fileprivate func fieldValue(within maximumBytes: Int) -> String? {
        let (code, text) =
            switch self {
            case .stale: (110, "Response is Stale")
            case .revalidationFailed(let reason):
                (111, reason.isEmpty ? "Revalidation Failed" : "Revalidation Failed: \(reason)")
            case .disconnected: (112, "Disconnected Operation")
            case .note(let text): (299, text)
            }
        var value = Array("\(code) - \"".utf8)
        guard value.count + 16 <= maximumBytes else { return nil }
        for scalar in text.unicodeScalars {
            let byte = scalar.value < 0x20 || scalar.value > 0x7E ? UInt8(ascii: "?") : UInt8(scalar.value)
            let isEscaped = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            guard value.count + (isEscaped ? 3 : 2) <= maximumBytes else { break }
            if isEscaped { value.append(UInt8(ascii: "\\")) }
            value.append(byte)
        }
        value.append(UInt8(ascii: "\""))
        return String(decoding: value, as: UTF8.self)
    }
}

extension Face {
    /// A plan for what a cache found: at once when it is at hand, off the loop thread when somebody must be asked.
    ///
    /// The response says what the cache says of itself, also when it is a 304.
    public func answer<Value>(
        _ cached: Cached<Value>, _ response: @escaping @Sendable (Value) throws(ContentError) -> Response
    ) throws(ContentError) -> Plan {
        switch cached {
        case .here(let value, let note):
            return .respond(try response(value).noted(note))
        case .later(let work):
            return perform { () throws(ContentError) in
                let (value, note) = try await work()
                return try response(value).noted(note)
            }
        }
    }
}
