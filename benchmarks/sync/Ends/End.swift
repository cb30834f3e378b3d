import BenchmarkSupport

/// A server at one end of a mirror, which counts what it is asked for, and the proxy that makes it slow.
final class End {
    let server: Server
    /// What its access log says.
    let log: AccessLog
    let proxy: LatencyProxy?

    /// Starts a server; slow when each request is to take longer.
    init(_ launch: Server.Launch, isSlow: Bool) throws(BenchmarkFailure) {
        var launch = launch
        launch.logsAccess = true
        server = try Server(launch)
        log = AccessLog(path: launch.accessLog, kind: launch.kind)
        proxy = isSlow ? try LatencyProxy(to: server.port, milliseconds: Scale.delayMilliseconds) : nil
    }

    /// The same server without the delay, or with it.
    init(_ other: End, isSlow: Bool) throws(BenchmarkFailure) {
        (server, log) = (other.server, other.log)
        proxy = isSlow ? try LatencyProxy(to: server.port, milliseconds: Scale.delayMilliseconds) : nil
    }

    /// Where a mover goes.
    var port: UInt16 { proxy?.port ?? server.port }

    /// Begins to count anew.
    func reset() throws(BenchmarkFailure) {
        try log.reset()
        proxy?.reset()
    }

    /// What was counted.
    func requests() throws(BenchmarkFailure) -> Requests {
        var requests = try log.requests()
        if let proxy {
            let counts = try proxy.settledCounts()
            (requests.received, requests.sent) = (counts.fromClients, counts.toClients)
            requests.connections = counts.connections
        }
        return requests
    }
}

/// What a server was asked for.
struct Requests {
    var total = 0
    /// By method and what was asked for: `GET manifests`.
    var kinds: [String: Int] = [:]
    /// Bytes that came, heads included; nil when nobody counted.
    var received: Int?
    /// Bytes that went out: bodies as the server tells, or all of it when a proxy counted.
    var sent = 0
    var connections: Int?

    var kindsAsJSON: JSONValue {
        .object(kinds.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.integer($0.value)) })
    }

    mutating func add(_ kind: String, sent: Int) {
        total += 1
        kinds[kind, default: 0] += 1
        self.sent += sent
    }
}
