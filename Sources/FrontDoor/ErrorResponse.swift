public import Content
public import HTTPMessage
public import HTTPServer
public import OCIModel

extension Response {
    /// An error in the OCI specification's form: `{"errors":[{"code","message","detail"}]}`.
    ///
    /// Source: distribution-spec v1.1.1, section Error Codes. Codes outside its list are used only where none fits.
    public static func failure(_ error: ContentError) -> Response {
        var detail: JSONValue?
        if case .referencesMissing(_, let digests) = error {
            detail = .array(digests.map { .object([("digest", .string($0.description))]) })
        }
        var response = failure(
            HTTPStatus(rawValue: error.httpStatus), code: error.code?.rawValue ?? code(beyondTheList: error),
            error.message, detail)
        response.headers += headers(for: error)
        return response
    }

    /// The header fields an error has in any form of body.
    public static func headers(for error: ContentError) -> [(name: StaticString, value: String)] {
        switch error {
        case .rangeInvalid(_, let length): [("Content-Range", "bytes */\(length)")]
        case .rateLimited(_, let delay?): [("Retry-After", String(max(1, delay.components.seconds)))]
        default: []
        }
    }

    /// The same body for what has no `ContentError`: unknown paths, wrong methods, refused framing.
    public static func failure(
        _ status: HTTPStatus, code: String, _ message: String, _ detail: JSONValue? = nil
    ) -> Response {
        var members: [(String, JSONValue)] = [("code", .string(code)), ("message", .string(message))]
        if let detail { members.append(("detail", detail)) }
        return .json(status, .object([("errors", .array([.object(members)]))]))
    }

    private static func code(beyondTheList error: ContentError) -> String {
        switch error {
        case .rangeInvalid: "RANGE_INVALID"
        case .unavailable: "UNAVAILABLE"
        case .storageFull: "INSUFFICIENT_STORAGE"
        default: "UNKNOWN"
        }
    }

    /// A JSON body.
    public static func json(_ status: HTTPStatus, _ value: JSONValue) -> Response {
        Response(status, headers: [("Content-Type", "application/json")], body: .bytes(value.text()))
    }
}
