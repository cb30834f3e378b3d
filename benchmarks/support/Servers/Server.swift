package import Glibc

/// A server under measurement, on a port of loopback.
package final class Server {
    /// The servers that are compared.
    package enum Kind: String, CaseIterable {
        case chartroom
        case nginx
        case dockerRegistry = "docker-registry"
    }

    /// How to start one.
    package struct Launch {
        package var kind: Kind
        /// Its data; kept when it stops.
        package var directory: String
        /// The `chartroom` to run.
        package var chartroom = ""
        package var certificate: Certificate?
        /// Lines for the configuration file of Chartroom or docker-registry.
        package var settings = ""
        /// Lines for the server block of nginx.
        package var nginxLines: [String] = []
        /// Words to put before the command: a tracer.
        package var wrapper: [String] = []
        /// Whether each request is written to `accessLog`.
        package var logsAccess = false
        /// The only processor it may run on.
        package var processor: Int?

        /// How to start one on a directory.
        package init(kind: Kind, directory: String) {
            (self.kind, self.directory) = (kind, directory)
        }

        /// The file that has a line for each request, among others.
        package var accessLog: String { "\(directory)/\(kind == .nginx ? "access.log" : "output")" }
    }

    package let kind: Kind
    package let port: UInt16
    package let isTLS: Bool
    private let child: Child
    private let isWrapped: Bool

    /// Starts a server and waits until it answers.
    package init(_ launch: Launch) throws(BenchmarkFailure) {
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
    package var processes: [pid_t] {
        let family = ProcessUsage.family(of: child.number)
        return isWrapped ? Array(family.dropFirst()) : family
    }

    package func stop(_ signal: CInt = SIGTERM) {
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
