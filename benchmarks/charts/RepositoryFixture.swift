import BenchmarkSupport

/// The servers that the cases share: a Chartroom with 20,000 versions in one namespace, started and filled at first
/// use, and an nginx with what it serves.
final class RepositoryFixture {
    static let namespace = "bench"
    private static let clients = 8

    let scale: Scale
    let maker: ChartMaker
    private unowned let session: Session
    private var running: Server?
    private var runningNginx: (server: Server, root: String)?
    private var additions = 0
    /// How the versions were loaded, and what it cost.
    private(set) var loading: (sample: LoadSample, cost: Session.Cost)?
    /// The largest resident memory seen of the Chartroom, in bytes, and where.
    private(set) var peaks: [(stage: String, bytes: Int)] = []

    init(_ session: Session) {
        self.session = session
        scale = Scale(session.options)
        maker = ChartMaker(scale)
    }

    /// The Chartroom, filled.
    func chartroom() throws(BenchmarkFailure) -> Server {
        if let running { return running }
        let server = try Server(session.launch(.chartroom))
        running = server
        notePeak("start")
        try fill(server)
        notePeak("load")
        try session.settle()
        return server
    }

    /// A client of the Chartroom.
    func client() throws(BenchmarkFailure) -> ChartClient {
        try ChartClient(port: chartroom().port, maker)
    }

    /// The nginx, when one takes part.
    func nginx() throws(BenchmarkFailure) -> Server? {
        if let runningNginx { return runningNginx.server }
        guard session.participants([.nginx]) == [.nginx] else { return nil }
        let directory = try session.freshDirectory("nginx")
        let server = try Server(session.launch(.nginx, in: directory))
        runningNginx = (server, Server.Launch.staticRoot(directory))
        return server
    }

    /// A version that was never added before.
    func nextAddition() -> ChartMaker.Version {
        additions += 1
        return maker.added(additions - 1)
    }

    /// Has nginx serve what the Chartroom answers at a path, as a file below a folder of its own.
    func publish(_ target: String, isGzip: Bool = false, as path: String) throws(BenchmarkFailure) {
        guard let (_, root) = runningNginx, let folder = path.lastIndex(of: "/") else { return }
        let words = ["curl", "-sf", "-H", "Accept-Encoding: \(isGzip ? "gzip" : "identity")"]
        try makeDirectory(root + path[..<folder])
        _ = try Child.output(
            of: words + ["-o", root + path, "http://127.0.0.1:\(chartroom().port)\(target)"], in: session.scratch.path)
    }

    /// Writes a file that nginx serves.
    func publish(text: String, as path: String) throws(BenchmarkFailure) {
        guard let (_, root) = runningNginx, let folder = path.lastIndex(of: "/") else { return }
        try makeDirectory(root + path[..<folder])
        try writeText(root + path, text)
    }

    /// Notes the peak of memory since the last note, and lets it begin anew.
    ///
    /// `Session.alternate` lets it begin anew, too: whoever calls that notes before.
    func notePeak(_ stage: String) {
        guard let running else { return }
        peaks.append((stage, ProcessUsage.memory("VmHWM", of: running.processes)))
        ProcessUsage.resetHighWater(of: running.processes)
    }

    /// Tells a result.
    func report(_ result: CaseResult, _ all: [Series]) { session.report.tell(result, all) }

    private func fill(_ server: Server) throws(BenchmarkFailure) {
        let (maker, port) = (maker, server.port)
        var sample = LoadSample()
        let cost = try session.cost(of: server) { () throws(BenchmarkFailure) in
            sample = try SharedWork(
                clients: RepositoryFixture.clients,
                connect: { () throws(BenchmarkFailure) in try ChartClient(port: port, maker) },
                action: { client, number throws(BenchmarkFailure) in
                    guard let version = maker.loaded(number) else { return false }
                    try client.push(version)
                    return true
                }
            ).run()
        }
        loading = (sample, cost)
    }
}
