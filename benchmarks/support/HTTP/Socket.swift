import Glibc

/// Sockets on loopback.
package enum Socket {
    /// A connection to a port, without delay, with a deadline of a minute for each call; -1 when nobody listens.
    package static func connect(to port: UInt16) throws(BenchmarkFailure) -> CInt {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchmarkFailure(call: "socket", on: "loopback") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            errno = code
            guard code == ECONNREFUSED else { throw BenchmarkFailure(call: "connect", on: "port \(port)") }
            return -1
        }
        setNoDelay(descriptor)
        var deadline = timeval(tv_sec: 60, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &deadline, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &deadline, size)
        return descriptor
    }

    /// A port that was free a moment ago, chosen by the kernel.
    package static func freePort() throws(BenchmarkFailure) -> UInt16 {
        let bound = try bindAnywhere()
        close(bound.descriptor)
        return bound.port
    }

    /// A socket that listens on a port of loopback that the kernel chose.
    package static func listen() throws(BenchmarkFailure) -> (descriptor: CInt, port: UInt16) {
        let bound = try bindAnywhere()
        _ = fcntl(bound.descriptor, F_SETFD, FD_CLOEXEC)
        guard Glibc.listen(bound.descriptor, 1024) == 0 else { throw BenchmarkFailure(call: "listen", on: "loopback") }
        return bound
    }

    /// Waits for the next connection of a listening socket; without delay, as those that `connect` makes.
    package static func accept(_ listener: CInt) throws(BenchmarkFailure) -> CInt {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { throw BenchmarkFailure(call: "accept", on: "loopback") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        setNoDelay(descriptor)
        return descriptor
    }

    private static func setNoDelay(_ descriptor: CInt) {
        var one: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func bindAnywhere() throws(BenchmarkFailure) -> (descriptor: CInt, port: UInt16) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchmarkFailure(call: "socket", on: "loopback") }
        guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else {
            throw BenchmarkFailure(call: "bind", on: "loopback")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { throw BenchmarkFailure(call: "getsockname", on: "loopback") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
