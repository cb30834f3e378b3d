import BenchmarkSupport
import RegistryLoad

/// What the cases share: the upstreams, and servers that have pulled everything; each started at first use.
final class CacheFixture {
    /// Where Chartroom has what comes from the upstream.
    static let prefix = "up"
    private static let archiveBytes = 50_000

    let scale: Scale
    /// The charts as the upstream has them.
    let charts: [Chart]
    private unowned let session: Session
    private var registry: Upstream?
    private var repository: Upstream?
    private var warm: [Subject: Server] = [:]
    /// The largest resident memory seen of any Chartroom, in bytes, and in which case.
    private(set) var peaks: [(stage: String, bytes: Int)] = []

    init(_ session: Session) {
        self.session = session
        scale = Scale(session.options)
        let maker = ChartMaker(layerByteCount: CacheFixture.archiveBytes)
        charts = (0..<scale.charts).map(maker.chart)
    }

    /// The slow registry.
    func registryUpstream() throws(BenchmarkFailure) -> Upstream {
        if let registry { return registry }
        let made = try Upstream.registry(session, charts)
        registry = made
        return made
    }

    /// The slow classic repository.
    func repositoryUpstream() throws(BenchmarkFailure) -> Upstream {
        if let repository { return repository }
        let maker = IndexMaker(charts: scale.listedCharts, versions: scale.listedVersions)
        let made = try Upstream.repository(session, index: maker.index())
        repository = made
        return made
    }

    /// Starts a server on a new directory.
    func start(_ kind: Server.Kind, settings: String = "") throws(BenchmarkFailure) -> Server {
        var launch = try session.launch(kind)
        launch.settings = settings
        return try Server(launch)
    }

    /// Starts a subject, with nothing in it.
    func startCold(_ subject: Subject) throws(BenchmarkFailure) -> Server {
        let port = try registryUpstream().proxy.port
        return try start(subject.kind, settings: subject.settings(upstream: port))
    }

    /// A subject that has everything; it goes on running.
    func warmed(_ subject: Subject) throws(BenchmarkFailure) -> Server {
        if let server = warm[subject] { return server }
        let server = try startCold(subject)
        if subject == .local {
            try Upstream.fill(server, with: subject.charts(charts))
        } else {
            _ = try pulls(subject, clients: 8).run(port: server.port)
            _ = try registryUpstream().proxy.settledCounts()
        }
        try session.settle()
        warm[subject] = server
        return server
    }

    /// Pulls of a subject's charts: each once, or again and again for some time.
    func pulls(_ subject: Subject, clients: Int, seconds: Double? = nil) -> ChartLoad {
        ChartLoad(
            charts: subject.charts(charts), clients: clients, seconds: seconds, repeats: seconds != nil
        ) { client, chart throws(BenchmarkFailure) in
            try client.pullAtOnce(chart)
        }
    }

    /// The largest peak noted of a stage; nil when it was of no Chartroom.
    func peak(_ stage: String) -> Int? { peaks.filter { $0.stage == stage }.map(\.bytes).max() }

    /// Notes the peak of memory of a server, when it is a Chartroom, and lets it begin anew.
    ///
    /// `Session.alternate` lets it begin anew, too: whoever calls that notes before.
    func notePeak(_ stage: String, _ server: Server) {
        guard server.kind == .chartroom else { return }
        peaks.append((stage, ProcessUsage.memory("VmHWM", of: server.processes)))
        ProcessUsage.resetHighWater(of: server.processes)
    }
}
