import BenchmarkSupport
import RegistryLoad

/// What the cases share: the charts and the servers that have them, each started at first use.
final class SyncFixture {
    /// Where registries have the charts.
    static let path = "bench"

    let scale: Scale
    let charts: [PackedChart]
    let session: Session
    private var registry: End?
    private var classic: (end: End, root: String)?
    private var chartroom: End?
    private var slow: [Server.Kind: End] = [:]
    private var addedVersions = 0
    /// The largest resident memory seen of any run of Chartroom, in bytes, and in which case.
    var peaks: [(stage: String, bytes: Int)] = []

    init(_ session: Session) {
        self.session = session
        let scale = Scale(session.options)
        self.scale = scale
        charts = (0..<scale.charts).flatMap { chart in
            (0..<Scale.versions).map { PackedChart(name: SyncFixture.name(chart), version: "1.\($0).0") }
        }
    }

    /// The names of the charts, which are those of their repositories.
    var names: [String] { (0..<scale.charts).map(SyncFixture.name) }

    /// The server that has the charts.
    func source(_ setting: Setting) throws(BenchmarkFailure) -> End {
        let end: End
        switch setting.source {
        case .registry: end = try registrySource()
        case .classic: end = try classicSource().end
        case .chartroom: end = try chartroomSource()
        }
        guard setting.isSlow else { return end }
        if let known = slow[end.server.kind] { return known }
        let made = try End(end, isSlow: true)
        slow[end.server.kind] = made
        return made
    }

    /// Has a few versions at the source that nobody has seen, as long as a body runs.
    func withChanges(
        _ setting: Setting, _ body: () throws(BenchmarkFailure) -> Void
    ) throws(BenchmarkFailure) {
        addedVersions += 1
        let added = (0..<Scale.changes).map { number in
            PackedChart(name: SyncFixture.name(number * 7 % scale.charts), version: "2.0.\(addedVersions)")
        }
        switch setting.source {
        case .registry, .chartroom:
            let server = try source(setting).server
            let pushed = added.map { $0.pushed(below: SyncFixture.path) }
            try SyncFixture.fill(server, with: pushed)
            try body()
            let connection = try Connection(port: server.port)
            for chart in pushed {
                try connection.exchange(
                    HTTPRequest("DELETE", "/v2/\(chart.repository)/manifests/\(chart.manifestDigest)"), expecting: 202)
            }
        case .classic:
            try publish(charts + added)
            try body()
            try publish(charts)
        }
    }

    /// Fails unless a registry has every chart below a path.
    func check(_ port: UInt16, below path: String, _ references: [PackedChart]) throws(BenchmarkFailure) {
        let connection = try Connection(port: port)
        for chart in references {
            try connection.exchange(.manifest("HEAD", "\(path)/\(chart.name)", chart.version), expecting: 200)
        }
    }

    /// Notes the peak of memory of a run.
    func notePeak(_ stage: String, _ bytes: Int) { peaks.append((stage, bytes)) }

    private static func name(_ chart: Int) -> String { "chart-\(chart)" }

    private func registrySource() throws(BenchmarkFailure) -> End {
        if let registry { return registry }
        let made = try filled(.dockerRegistry)
        registry = made
        return made
    }

    private func chartroomSource() throws(BenchmarkFailure) -> End {
        if let chartroom { return chartroom }
        let made = try filled(.chartroom)
        chartroom = made
        return made
    }

    private func filled(_ kind: Server.Kind) throws(BenchmarkFailure) -> End {
        let end = try End(session.launch(kind), isSlow: false)
        try SyncFixture.fill(end.server, with: charts.map { $0.pushed(below: SyncFixture.path) })
        return end
    }

    private static func fill(_ server: Server, with charts: [Chart]) throws(BenchmarkFailure) {
        _ = try ChartLoad(charts: charts, clients: 4) { client, chart throws(BenchmarkFailure) in
            try client.push(chart)
        }.run(port: server.port)
    }

    private func classicSource() throws(BenchmarkFailure) -> (end: End, root: String) {
        if let classic { return classic }
        let directory = try session.freshDirectory("nginx")
        let end = try End(session.launch(.nginx, in: directory), isSlow: false)
        let made = (end, Server.Launch.staticRoot(directory))
        classic = made
        try publish(charts)
        return made
    }

    /// Has nginx serve archives and an index of them.
    private func publish(_ charts: [PackedChart]) throws(BenchmarkFailure) {
        let root = try classicSource().root
        for chart in charts { try writeFile("\(root)/\(chart.fileName)", [chart.archive]) }
        var text = "apiVersion: v1\nentries:\n"
        for name in names {
            text += "  \(name):\n"
            for chart in charts.reversed() where chart.name == name { text += chart.indexEntry }
        }
        try writeText("\(root)/index.yaml", text + "generated: \"2026-01-01T00:00:00Z\"\n")
    }
}
