/// A request as Helm 4 sends it: its `User-Agent`, its `Accept`, Go's `Accept-Encoding`.
package struct HTTPRequest: Sendable {
    package var method: String
    package var target: String
    package var accept: String?
    package var contentType: String?
    /// The body is these parts, one after another, `bodyRepetitions` times.
    package var body: [[UInt8]] = []
    package var bodyRepetitions = 1
    /// Whether a GET says that it takes gzip; Go's client always does.
    package var acceptsGzip = true
    /// The entity tag that is known.
    package var ifNoneMatch: String?

    package init(_ method: String, _ target: String, accept: String? = nil) {
        self.method = method
        self.target = target
        self.accept = accept
    }

    /// A request with a body.
    package init(_ method: String, _ target: String, body: [[UInt8]], type: String, repetitions: Int = 1) {
        self.init(method, target)
        (self.body, contentType, bodyRepetitions) = (body, type, repetitions)
    }

    /// The bytes before the body.
    package func head(port: UInt16) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUser-Agent: Helm/4.2.4\r\n"
        if let accept { text += "Accept: \(accept)\r\n" }
        if let contentType { text += "Content-Type: \(contentType)\r\n" }
        if let ifNoneMatch { text += "If-None-Match: \(ifNoneMatch)\r\n" }
        if method == "GET" {
            if acceptsGzip { text += "Accept-Encoding: gzip\r\n" }
        } else if method != "HEAD" {
            text += "Content-Length: \(body.reduce(0) { $0 + $1.count } * bodyRepetitions)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }
}
