internal import Content
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension Response {
    /// The one function that writes errors: `{"errors":[{"code","message","detail"}]}`.
    ///
    /// Source: distribution-spec v1.1.1, section Error Codes. Codes outside its list are used only where none fits.
    static func failure(_ error: ContentError) -> Response {
        var detail: JSONValue?
        if case .referencesMissing(_, let digests) = error {
            detail = .array(digests.map { .object([("digest", .string($0.description))]) })
        }
        var response = failure(
            HTTPStatus(rawValue: error.httpStatus), code: error.code?.rawValue ?? code(beyondTheList: error),
            error.message, detail)
        switch error {
        case .rangeInvalid(_, let length): response.headers.append(("Content-Range", "bytes */\(length)"))
        case .rateLimited(_, let delay?):
            response.headers.append(("Retry-After", String(max(1, delay.components.seconds))))
        default: break
        }
        return response
    }

    /// The same body for what has no `ContentError`: unknown paths, wrong methods, refused framing.
    static func failure(_ status: HTTPStatus, code: String, _ message: String, _ detail: JSONValue? = nil) -> Response {
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
    static func json(_ status: HTTPStatus, _ value: JSONValue) -> Response {
        Response(status, headers: [("Content-Type", "application/json")], body: .bytes(value.text()))
    }
}
