internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension Response {
    /// An error in ChartMuseum's form: `{"error":"<text>"}`.
    static func museumFailure(_ error: ContentError) -> Response {
        var response = Response.json(
            HTTPStatus(rawValue: error.httpStatus), .object([("error", .string(error.message))]))
        response.headers += Response.headers(for: error)
        return response
    }
}
