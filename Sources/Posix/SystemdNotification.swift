internal import Glibc

/// Talks to the service manager as `sd_notify(3)` and `sd_listen_fds(3)` do, without its library.
///
/// Source: https://www.freedesktop.org/software/systemd/man/252/sd_notify.html
public struct SystemdNotification: Sendable {
    private let socketPath: String?

    /// Takes the manager's address from `NOTIFY_SOCKET`; without one every message is dropped.
    public init(environment: [String: String]) {
        let path = environment["NOTIFY_SOCKET"] ?? ""
        socketPath = path.hasPrefix("/") || path.hasPrefix("@") ? path : nil
    }

    /// Whether a service manager listens.
    public var isEnabled: Bool { socketPath != nil }

    /// Sends one message; does not wait for the manager to read it.
    ///
    /// - Throws: `SystemError` when the manager's socket does not take it.
    public func send(_ message: Message) throws(SystemError) {
        guard let socketPath else { return }
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemError(code: errno, call: "open socket to", object: "service manager") }
        defer { close(number) }
        var (address, length) = try SystemdNotification.address(socketPath)
        var text = Array(message.text.utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                sendto(number, &text, text.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
        guard sent == text.count else { throw SystemError(code: errno, call: "notify", object: "service manager") }
    }

    /// What a service says about itself.
    public enum Message: Sendable {
        /// It serves now; the text tells people what it does.
        case ready(status: String)
        /// It reads its files again; `ready` follows. The time is the monotonic clock's.
        case reloading
        /// It is about to end.
        case stopping(status: String)

        /// The lines of the datagram.
        var text: String {
            switch self {
            case .ready(let status): "READY=1\nSTATUS=" + Message.oneLine(status)
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Message.monotonicMicroseconds())"
            case .stopping(let status): "STOPPING=1\nSTATUS=" + Message.oneLine(status)
            }
        }

        private static func oneLine(_ text: String) -> String {
            String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
        }

        private static func monotonicMicroseconds() -> Int64 {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        }
    }

    /// The address of a socket path; a leading `@` stands for the NUL of an abstract name.
    private static func address(_ path: String) throws(SystemError) -> (sockaddr_un, socklen_t) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        let isFitting = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard isFitting else { throw SystemError(code: ENAMETOOLONG, call: "notify", object: "service manager") }
        let isAbstract = bytes.first == 0
        let header = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        return (address, socklen_t(header + bytes.count + (isAbstract ? 0 : 1)))
    }
}

/// Sockets a service manager opened for this process (`sd_listen_fds(3)`).
public enum SystemdSockets {
    /// The descriptors that were handed over, close-on-exec from now on; empty when there are none for this process.
    ///
    /// - Throws: `SystemError` when one of them is no listening stream socket.
    public static func inherited(environment: [String: String]) throws(SystemError) -> [Int32] {
        guard let owner = environment["LISTEN_PID"].flatMap({ Int32($0) }), owner == getpid(),
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...64).contains(count)
        else { return [] }
        let descriptors = Array(3..<3 + count)
        for descriptor in descriptors { try prepare(descriptor) }
        return descriptors
    }

    /// Checks one descriptor and marks it close-on-exec.
    static func prepare(_ descriptor: Int32) throws(SystemError) {
        let object = "inherited socket \(descriptor)"
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw SystemError(code: errno, call: "take over", object: object)
        }
        guard try option(SO_TYPE, of: descriptor, object) == Int32(SOCK_STREAM.rawValue),
            try option(SO_ACCEPTCONN, of: descriptor, object) == 1
        else { throw SystemError(code: EINVAL, call: "listen on", object: object) }
    }

    private static func option(_ name: Int32, of descriptor: Int32, _ object: String) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 else {
            throw SystemError(code: errno, call: "take over", object: object)
        }
        return value
    }
}
