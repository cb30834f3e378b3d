import HTTPServer

/// Addresses to listen on, as people write them.
enum ListenText {
    /// `HOST:PORT`, `[IPV6]:PORT` or `unix:/path`.
    static func parse(_ text: String) throws(ValueMistake) -> ListenAddress {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), !path.utf8.contains(0) else {
                throw ValueMistake("a unix socket needs an absolute path", hint: "write unix:/run/chartroom/socket")
            }
            guard path.utf8.count <= 106 else { throw ValueMistake("a unix socket's path has at most 106 bytes") }
            return .unix(path: path)
        }
        guard let colon = text.lastIndex(of: ":") else {
            throw ValueMistake("\(Printable.quoted(text)) is not HOST:PORT", hint: "write 127.0.0.1:5000")
        }
        var host = String(text[..<colon])
        guard let port = UInt16(text[text.index(after: colon)...]) else {
            throw ValueMistake("\(Printable.quoted(text)) has no port from 0 to 65535", hint: "write HOST:PORT")
        }
        guard !host.isEmpty else {
            throw ValueMistake(
                "\(Printable.quoted(text)) names no host",
                hint: "write 127.0.0.1:\(port) for this machine, 0.0.0.0:\(port) for all addresses")
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw ValueMistake("an IPv6 address needs brackets", hint: "write [\(Printable.text(host))]:\(port)")
        }
        let isLegal = host.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        guard !host.isEmpty, isLegal else { throw ValueMistake("\(Printable.quoted(text)) names no host") }
        return .tcp(host: host, port: port)
    }

    /// The address as it would be written.
    static func text(_ address: ListenAddress) -> String {
        switch address {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:" + path
        case .inherited(let descriptor): "inherited socket \(descriptor)"
        }
    }

    /// Whether only this machine can reach it.
    ///
    /// A socket that was handed over is judged once its address is known.
    static func isLoopback(_ address: ListenAddress) -> Bool {
        switch address {
        case .tcp(let host, _): Loopback.contains(host: host)
        case .unix, .inherited: true
        }
    }
}
