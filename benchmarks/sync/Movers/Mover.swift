import BenchmarkSupport
import RegistryLoad

/// One mover at work: what it moves from where to where, and what it remembers of it.
struct Mover {
    let kind: MoverKind
    let setting: Setting
    let source: End
    /// Where charts go; nil for Chartroom that writes to a data directory itself.
    let destination: End?
    /// A folder of its own, with its configuration and, for Chartroom, its data.
    let directory: String
    let chartroom: String
    private let fixture: SyncFixture

    /// Where the destination has the charts.
    static let path = "copied"

    /// Prepares a mover with an empty destination of its own.
    init(_ kind: MoverKind, _ setting: Setting, _ fixture: SyncFixture) throws(BenchmarkFailure) {
        let session = fixture.session
        (self.kind, self.setting, self.fixture) = (kind, setting, fixture)
        source = try fixture.source(setting)
        chartroom = session.options.chartroom
        directory = try session.freshDirectory("\(setting.name)-\(kind.rawValue)")
        switch (setting.destination, kind) {
        case (.registry, _): destination = try End(session.launch(.dockerRegistry), isSlow: setting.isSlow)
        case (.store, .chartroom): destination = nil
        case (.store, .skopeo), (.store, .helm):
            destination = try End(session.launch(.chartroom), isSlow: setting.isSlow)
        }
        switch kind {
        case .chartroom: try writeMirrors()
        case .skopeo: try writeSkopeoSource()
        case .helm: break
        }
    }

    /// What it is asked to do, in this order.
    var stages: [Stage] {
        switch kind {
        case .chartroom:
            setting.source == .chartroom ? [.cold, .warm] : [.cold, .warm, .checked, .immutable, .changed]
        case .skopeo: [.cold, .warm, .changed]
        // It asks nobody what is there: all stages are the same.
        case .helm: [.cold, .warm]
        }
    }

    /// The references it moves, in the cold stage.
    var references: [PackedChart] {
        kind == .helm ? Array(fixture.charts.prefix(fixture.scale.looped)) : fixture.charts
    }

    /// How much more there is than it moves.
    var factor: Double { Double(fixture.scale.references) / Double(references.count) }

    /// The words that start it.
    func words(_ stage: Stage) throws(BenchmarkFailure) -> [String] {
        switch kind {
        case .chartroom:
            ["env", "HOME=\(directory)", chartroom, "mirror", "run"] + mirrorWords(stage)
        case .skopeo: skopeoWords
        case .helm: try HelmLoop(self, try fixture.session.freshDirectory("helm"), fixture.session.options).words()
        }
    }

    /// The words behind `mirror run`.
    private func mirrorWords(_ stage: Stage) -> [String] {
        ["--file", "\(directory)/\(stage.file)", "--data", "\(directory)/data"]
    }

    /// The mirror, and the variants of it.
    private func writeMirrors() throws(BenchmarkFailure) {
        let from =
            switch setting.source {
            case .registry, .chartroom: "oci+http://127.0.0.1:\(source.port)/\(SyncFixture.path)"
            case .classic: "http://127.0.0.1:\(source.port)"
            }
        let to = destination.map { "oci+http://127.0.0.1:\($0.port)/\(Mover.path)" } ?? "store:\(Mover.path)"
        let more: [(Stage, String)] = [
            (.cold, ""), (.checked, "    destinationCheck: 0s\n"), (.immutable, "    immutable: versions\n"),
        ]
        for (stage, lines) in more {
            try writeText(
                "\(directory)/\(stage.file)",
                """
                mirrors:
                  - name: measured
                    from: "\(from)"
                    to: "\(to)"
                    repositories: [\(fixture.names.joined(separator: ", "))]
                \(lines)
                """)
        }
    }

    private func writeSkopeoSource() throws(BenchmarkFailure) {
        let repositories = fixture.names.map { "    \(SyncFixture.path)/\($0): []\n" }.joined()
        try writeText(
            "\(directory)/sync.yaml", "127.0.0.1:\(source.port):\n  tls-verify: false\n  images:\n\(repositories)")
    }

    private var skopeoWords: [String] {
        [
            "env", "HOME=\(directory)", "XDG_RUNTIME_DIR=\(directory)", "REGISTRY_AUTH_FILE=\(directory)/auth.json",
            "skopeo", "--insecure-policy", "--tmpdir", directory, "sync", "--src", "yaml", "--dest", "docker",
            "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests", "\(directory)/sync.yaml",
            "127.0.0.1:\(destination?.port ?? 0)/\(Mover.path)",
        ]
    }
}
