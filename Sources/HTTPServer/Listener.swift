internal import Glibc

/// A listening socket and, for a unix one, the file it must remove.
struct Listener: Sendable {
    let descriptor: Int32
    let address: BoundAddress
    /// Whether connections are TCP, so that TCP options and counters apply.
    let isTCP: Bool
    /// The socket file and its identity when this process made one.
    private let file: (path: String, device: dev_t, inode: ino_t)?

    /// Opens, binds and listens, or takes over an inherited socket.
    static func open(_ address: ListenAddress) throws(HTTPServerError) -> Listener {
        switch address {
        case .tcp(let host, let port): try tcp(host, port)
        case .unix(let path): try unix(path)
        case .inherited(let descriptor): try inherited(descriptor)
        }
    }

    /// Stops listening while the daemon still runs, and removes the file, unless another server has put its own there.
    ///
    /// The descriptor goes on as one of a socket that nobody can reach: each of libmicrohttpd's threads takes it off its
    /// epoll set when it next wakes up, and ends the process when there is no such descriptor (0.9.75, `daemon.c`).
    func retire() {
        let substitute = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if substitute >= 0 {
            _ = dup2(substitute, descriptor)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = Glibc.close(substitute)
        }
        removeFile()
    }

    /// Closes the socket and removes its file; only when no daemon uses it.
    func close() {
        _ = Glibc.close(descriptor)
        removeFile()
    }

    private func removeFile() {
        guard let file else { return }
        var status = stat()
        if lstat(file.path, &status) == 0, status.st_dev == file.device, status.st_ino == file.inode {
            unlink(file.path)
        }
    }

    private static func tcp(_ host: String, _ port: UInt16) throws(HTTPServerError) -> Listener {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw HTTPServerError.hostUnknown(host)
        }
        defer { freeaddrinfo(list) }
        let name = host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
        let family = first.pointee.ai_family
        let descriptor = try socket(family, name)
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // `::` stands for every address of both families, whatever the system's default is.
        if family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            listen(descriptor, SOMAXCONN) == 0
        else { throw failure(descriptor, name) }
        return Listener(descriptor: descriptor, address: BoundAddress(of: descriptor), isTCP: true, file: nil)
    }

    private static func unix(_ path: String) throws(HTTPServerError) -> Listener {
        try replaceable(path)
        // Bound under another name first: the file appears at its place already listening and with its mode.
        let draft = path + "~"
        guard var address = unixAddress(draft) else {
            throw HTTPServerError.addressInvalid(path, reason: "the path of a unix socket has 1 to 106 bytes")
        }
        let descriptor = try socket(AF_UNIX, path)
        unlink(draft)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        var status = stat()
        guard isBound, chmod(draft, 0o660) == 0, listen(descriptor, SOMAXCONN) == 0, lstat(draft, &status) == 0,
            rename(draft, path) == 0
        else {
            let error = failure(descriptor, path)
            unlink(draft)
            throw error
        }
        return Listener(
            descriptor: descriptor, address: .unix(path: path), isTCP: false,
            file: (path, status.st_dev, status.st_ino))
    }

    /// Refuses a path that holds a live socket or anything that is not a socket.
    private static func replaceable(_ path: String) throws(HTTPServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw HTTPServerError.addressInvalid(path, reason: "a file that is not a socket is in the way")
        }
        guard var address = unixAddress(path) else { return }
        let probe = try socket(AF_UNIX, path)
        defer { _ = Glibc.close(probe) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 ? 0 : errno
            }
        }
        guard code == ECONNREFUSED || code == ENOENT else {
            if code == EACCES { throw HTTPServerError.permissionDenied(path) }
            throw HTTPServerError.addressInUse(path)
        }
    }

    private static func inherited(_ descriptor: Int32) throws(HTTPServerError) -> Listener {
        let name = "descriptor \(descriptor)"
        var isListening: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening == 1 else {
            throw HTTPServerError.addressInvalid(name, reason: "it is not a listening socket")
        }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
        else { throw HTTPServerError.addressInvalid(name, reason: String(cString: strerror(errno))) }
        let address = BoundAddress(of: descriptor)
        if case .tcp = address {
            return Listener(descriptor: descriptor, address: address, isTCP: true, file: nil)
        }
        return Listener(descriptor: descriptor, address: address, isTCP: false, file: nil)
    }

    private static func socket(_ family: Int32, _ name: String) throws(HTTPServerError) -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(family, flags, 0)
        guard descriptor >= 0 else {
            throw HTTPServerError.addressInvalid(name, reason: String(cString: strerror(errno)))
        }
        return descriptor
    }

    private static func failure(_ descriptor: Int32, _ name: String) -> HTTPServerError {
        let code = errno
        _ = Glibc.close(descriptor)
        return switch code {
        case EADDRINUSE: .addressInUse(name)
        case EACCES, EPERM: .permissionDenied(name)
        default: .addressInvalid(name, reason: String(cString: strerror(code)))
        }
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func unixAddress(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < room, !bytes.contains(0) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}
