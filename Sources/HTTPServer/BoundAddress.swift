internal import Glibc

/// Where a server listens in fact, with the port the kernel chose.
public enum BoundAddress: Sendable, Equatable, CustomStringConvertible {
    /// A TCP socket; the host is a literal address.
    case tcp(host: String, port: UInt16)
    /// A unix socket.
    case unix(path: String)

    /// The port, nil on a unix socket.
    public var port: UInt16? {
        switch self {
        case .tcp(_, let port): port
        case .unix: nil
        }
    }

    /// `host:port`, `[host]:port` for IPv6, or the path.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// Asks the kernel for a socket's own address.
    init(of descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        self = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0 else { return .unix(path: "") }
                return BoundAddress(address)
            }
        }
    }

    /// Reads a socket address.
    init(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                let host = withUnsafePointer(to: address.pointee.sin_addr) { BoundAddress.text(AF_INET, $0) }
                return .tcp(host: host, port: address.pointee.sin_port.bigEndian)
            }
        case AF_INET6:
            self = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                let host = withUnsafePointer(to: address.pointee.sin6_addr) { BoundAddress.text(AF_INET6, $0) }
                // IPv4 clients of a socket of both families show up as `::ffff:a.b.c.d`.
                let plain = host.hasPrefix("::ffff:") && host.utf8.contains(0x2E) ? String(host.dropFirst(7)) : host
                return .tcp(host: plain, port: address.pointee.sin6_port.bigEndian)
            }
        default:
            self = address.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { address in
                var path = address.pointee.sun_path
                return withUnsafeBytes(of: &path) { bytes in
                    .unix(path: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
                }
            }
        }
    }

    private static func text(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard inet_ntop(family, address, text.baseAddress, 64) != nil, let start = text.baseAddress else {
                return ""
            }
            return String(cString: start)
        }
    }
}
