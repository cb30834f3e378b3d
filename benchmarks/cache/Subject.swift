import BenchmarkSupport
import RegistryLoad

/// Whom charts are pulled from.
enum Subject: String {
    /// The slow upstream itself.
    case direct
    /// Chartroom in front of it.
    case chartroom
    /// The same, but as many requests to the upstream at a time as clients ever make here.
    case chartroomWide = "chartroom-64"
    /// The same as `chartroom`, but tags are checked again whenever they are asked for.
    case stale
    /// Chartroom, with the charts pushed into it.
    case local
    /// Debian's docker-registry as a proxy.
    case dockerRegistry = "docker-registry"

    var kind: Server.Kind {
        switch self {
        case .direct, .dockerRegistry: .dockerRegistry
        case .chartroom, .chartroomWide, .stale, .local: .chartroom
        }
    }

    /// Lines for its configuration.
    func settings(upstream port: UInt16) -> String {
        switch self {
        case .direct, .local: ""
        case .chartroom: Subject.upstreams(port)
        case .chartroomWide: Subject.upstreams(port, ", limits: {connections: 64}")
        case .stale: Subject.upstreams(port, ", freshness: {versions: 1ms, tags: 1ms}")
        case .dockerRegistry: "proxy: {remoteurl: \"http://127.0.0.1:\(port)\"}"
        }
    }

    /// Charts of the upstream as this subject names them.
    func charts(_ charts: [Chart]) -> [Chart] {
        switch self {
        case .direct, .dockerRegistry: charts
        case .chartroom, .chartroomWide, .stale, .local: charts.map { $0.below(CacheFixture.prefix) }
        }
    }

    private static func upstreams(_ port: UInt16, _ more: String = "") -> String {
        "upstreams: [{prefix: \(CacheFixture.prefix), url: \"oci+http://127.0.0.1:\(port)\"\(more)}]\n"
    }
}
