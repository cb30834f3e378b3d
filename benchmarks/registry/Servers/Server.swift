import Glibc

/// A server under measurement, on a port of loopback.
final class Server {
    /// The servers that are compared.
    enum Kind: String, CaseIterable {
        case chartroom
        case nginx
        case dockerRegistry = "docker-registry"
    }

    /// How to start one.
    struct Launch {
        var kind: Kind
        /// Its data; kept when it stops.
        var directory: String
        /// The `chartroom` to run.
        var chartroom = ""
        var certificate: Certificate?
        /// Words to put before the command: a tracer.
        var wrapper: [String] = []
        /// The only processor it may run on.
        var processor: Int?
    }

    let kind: Kind
    let port: UInt16
    let isTLS: Bool
    private let child: Child
    private let isWrapped: Bool

    /// Starts a server and waits until it answers.
    init(_ launch: Launch) throws(BenchmarkFailure) {
        kind = launch.kind
        isTLS = launch.certificate != nil
        isWrapped = !launch.wrapper.isEmpty
        port = try Socket.freePort()
        try makeDirectory(launch.directory)
        let command = try launch.command(port: port)
        child = try Child(launch.wrapper + command, output: "\(launch.directory)/output", processor: launch.processor)
        try waitForAnswer()
    }

    deinit {
        stop()
    }

    /// Its processes: one, or a master and its workers.
    var processes: [pid_t] {
        let family = ProcessUsage.family(of: child.number)
        return isWrapped ? Array(family.dropFirst()) : family
    }

    func stop(_ signal: CInt = SIGTERM) {
        child.stop(signal, target: processes.first)
    }

    /// Connects again and again until someone listens, then asks for `/v2/`; with TLS the connection is enough.
    private func waitForAnswer() throws(BenchmarkFailure) {
        let deadline = nanoseconds() + 60_000_000_000
        var pause = timespec(tv_sec: 0, tv_nsec: 100_000)
        while nanoseconds() < deadline {
            let descriptor = try Socket.connect(to: port)
            if descriptor >= 0 {
                close(descriptor)
                if isTLS { return }
                try Connection(port: port).exchange(HTTPRequest("GET", "/v2/"), expecting: 200)
                return
            }
            if let failure = child.failure { throw failure }
            nanosleep(&pause, nil)
        }
        throw BenchmarkFailure("\(kind.rawValue) does not listen after a minute")
    }
}
