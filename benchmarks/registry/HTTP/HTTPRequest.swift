/// A request as Helm 4 sends it: its `User-Agent`, its `Accept`, Go's `Accept-Encoding`.
struct HTTPRequest: Sendable {
    /// What Helm accepts when it resolves a tag, in one line.
    static let anyManifest =
        "application/vnd.docker.distribution.manifest.v2+json, "
        + "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, "
        + "application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json"
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"

    var method: String
    var target: String
    var accept: String?
    var contentType: String?
    /// The body is these parts, one after another, `bodyRepetitions` times.
    var body: [[UInt8]] = []
    var bodyRepetitions = 1

    init(_ method: String, _ target: String, accept: String? = nil) {
        self.method = method
        self.target = target
        self.accept = accept
    }

    /// A request with a body.
    init(_ method: String, _ target: String, body: [[UInt8]], type: String, repetitions: Int = 1) {
        self.init(method, target)
        (self.body, contentType, bodyRepetitions) = (body, type, repetitions)
    }

    /// The bytes before the body.
    func head(port: UInt16) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUser-Agent: Helm/4.2.4\r\n"
        if let accept { text += "Accept: \(accept)\r\n" }
        if let contentType { text += "Content-Type: \(contentType)\r\n" }
        if method == "GET" {
            text += "Accept-Encoding: gzip\r\n"
        } else if method != "HEAD" {
            text += "Content-Length: \(body.reduce(0) { $0 + $1.count } * bodyRepetitions)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }
}

extension HTTPRequest {
    static func manifest(_ method: String, _ repository: String, _ reference: String) -> HTTPRequest {
        HTTPRequest(method, "/v2/\(repository)/manifests/\(reference)", accept: anyManifest)
    }

    static func blob(_ method: String, _ repository: String, _ digest: String) -> HTTPRequest {
        HTTPRequest(method, "/v2/\(repository)/blobs/\(digest)")
    }

    static func beginUpload(_ repository: String) -> HTTPRequest {
        HTTPRequest("POST", "/v2/\(repository)/blobs/uploads/")
    }

    static func putBlob(location: String, digest: String, body: [[UInt8]], repetitions: Int = 1) -> HTTPRequest {
        let escaped = digest.replacing(":", with: "%3A")
        let separator = location.contains("?") ? "&" : "?"
        return HTTPRequest(
            "PUT", "\(location)\(separator)digest=\(escaped)", body: body, type: "application/octet-stream",
            repetitions: repetitions)
    }

    static func putManifest(_ repository: String, _ reference: String, _ manifest: [UInt8]) -> HTTPRequest {
        HTTPRequest("PUT", "/v2/\(repository)/manifests/\(reference)", body: [manifest], type: manifestType)
    }
}
