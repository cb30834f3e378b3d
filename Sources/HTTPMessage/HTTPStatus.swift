/// A response status code (RFC 9110 section 15).
///
/// An open set: any three-digit code is a status.
public struct HTTPStatus: RawRepresentable, Hashable, Sendable {
    /// The code, 100 to 599.
    public let rawValue: Int

    /// Wraps a code.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Whether the request succeeded (2xx).
    public var isSuccess: Bool { (200..<300).contains(rawValue) }
}

extension HTTPStatus {
    /// 200.
    public static let ok = HTTPStatus(rawValue: 200)
    /// 201: stored.
    public static let created = HTTPStatus(rawValue: 201)
    /// 202: taken, more to come.
    public static let accepted = HTTPStatus(rawValue: 202)
    /// 204.
    public static let noContent = HTTPStatus(rawValue: 204)
    /// 206: a byte range.
    public static let partialContent = HTTPStatus(rawValue: 206)
    /// 301.
    public static let movedPermanently = HTTPStatus(rawValue: 301)
    /// 304: the client's copy is current.
    public static let notModified = HTTPStatus(rawValue: 304)
    /// 400.
    public static let badRequest = HTTPStatus(rawValue: 400)
    /// 401: credentials are needed or wrong.
    public static let unauthorized = HTTPStatus(rawValue: 401)
    /// 403.
    public static let forbidden = HTTPStatus(rawValue: 403)
    /// 404.
    public static let notFound = HTTPStatus(rawValue: 404)
    /// 405.
    public static let methodNotAllowed = HTTPStatus(rawValue: 405)
    /// 406.
    public static let notAcceptable = HTTPStatus(rawValue: 406)
    /// 408: the client was too slow.
    public static let requestTimeout = HTTPStatus(rawValue: 408)
    /// 409.
    public static let conflict = HTTPStatus(rawValue: 409)
    /// 411: a body needs a length here.
    public static let lengthRequired = HTTPStatus(rawValue: 411)
    /// 412.
    public static let preconditionFailed = HTTPStatus(rawValue: 412)
    /// 413: the body is larger than allowed.
    public static let contentTooLarge = HTTPStatus(rawValue: 413)
    /// 414.
    public static let uriTooLong = HTTPStatus(rawValue: 414)
    /// 415.
    public static let unsupportedMediaType = HTTPStatus(rawValue: 415)
    /// 416: no byte of the range exists, or a chunk is out of order.
    public static let rangeNotSatisfiable = HTTPStatus(rawValue: 416)
    /// 429.
    public static let tooManyRequests = HTTPStatus(rawValue: 429)
    /// 431: the header is larger than allowed.
    public static let headerFieldsTooLarge = HTTPStatus(rawValue: 431)
    /// 500.
    public static let internalServerError = HTTPStatus(rawValue: 500)
    /// 502.
    public static let badGateway = HTTPStatus(rawValue: 502)
    /// 503: draining or overloaded.
    public static let serviceUnavailable = HTTPStatus(rawValue: 503)
    /// 504.
    public static let gatewayTimeout = HTTPStatus(rawValue: 504)
    /// 507: the disk is full or failing.
    public static let insufficientStorage = HTTPStatus(rawValue: 507)
}
