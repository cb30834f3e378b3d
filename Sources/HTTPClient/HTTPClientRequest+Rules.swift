internal import HTTPMessage

// What the client checks of a request before it goes out, and where a redirect leads.
extension HTTPClientRequest {
    /// Refuses what would change the framing of the request: a method or field name that is no token, and control
    /// characters in a value.
    func validate() throws(HTTPClientError) {
        guard HTTPClientRequest.isToken(method.rawValue) else { throw .requestInvalid("the method is not a token") }
        for field in headers.fields {
            guard HTTPClientRequest.isToken(field.name) else {
                throw .requestInvalid("a header field's name is not a token")
            }
            guard field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .requestInvalid("the header field \(field.name) holds a control character")
            }
            guard !HTTPClientRequest.framing.contains(where: { HeaderFields.sameName($0, field.name) }) else {
                throw .requestInvalid("the header field \(field.name) is set by the client itself")
            }
        }
        if let unixSocketPath, unixSocketPath.utf8.contains(0) || unixSocketPath.isEmpty {
            throw .requestInvalid("the path of the unix socket is malformed")
        }
    }

    /// The request a redirect asks for; nil when the response is none, or is to be handed to the caller.
    ///
    /// - Throws: `.redirectRefused`.
    func following(_ response: HTTPClientResponse, followed: Int) throws(HTTPClientError) -> HTTPClientRequest? {
        guard [301, 302, 303, 307, 308].contains(response.status.rawValue), method == .get || method == .head,
            redirects.maximumCount > 0, let location = response.headers.values("Location").first
        else { return nil }
        guard followed < redirects.maximumCount else {
            throw .redirectRefused("\(url.authority) redirects more than \(redirects.maximumCount) times")
        }
        let target: HTTPURL
        do {
            target = try url.resolving(location)
        } catch {
            throw .redirectRefused("\(url.authority) redirects to a bad URL: \(error.message)")
        }
        guard target.origin.scheme == .https || url.origin.scheme == .http else {
            throw .redirectRefused("\(url.authority) redirects from https to http, which is not followed")
        }
        guard unixSocketPath == nil || target.origin == url.origin else {
            throw .redirectRefused("the server on the unix socket redirects to another host, which is not followed")
        }
        var next = self
        next.url = target
        if target.origin != url.origin { next.headers = headers.withoutCredentials }
        return next
    }

    /// The policy for a redirect's target: the first host names what it likes on itself, elsewhere nothing that lies
    /// nearer than it does.
    func addresses(for target: HTTPURL, reached: HTTPAddressKind?) -> HTTPAddressPolicy {
        guard target.origin.host != url.origin.host else { return addresses }
        return addresses.narrowed(to: reached ?? HTTPAddressKind(host: url.origin.host) ?? .global)
    }

    private static let framing = ["Content-Length", "Transfer-Encoding", "Host", "Connection", "Expect"]

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}

extension HeaderFields {
    /// The fields without those that hold credentials.
    fileprivate var withoutCredentials: HeaderFields {
        let secret = ["Authorization", "Cookie", "Proxy-Authorization"]
        return HeaderFields(
            fields.filter { field in !secret.contains { HeaderFields.sameName($0, field.name) } }
                .map { ($0.name, $0.value) })
    }
}
