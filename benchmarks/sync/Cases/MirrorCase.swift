import BenchmarkSupport

/// Everything of one setting: each mover in turn, with an empty destination of its own in every round.
struct MirrorCase {
    static let option = Options.PathOption("--movers", "NAME,NAME", "only chartroom, skopeo or helm")

    let setting: Setting

    func run(_ session: Session, _ fixture: SyncFixture) throws(BenchmarkFailure) {
        guard canRun(session) else {
            Report.note("  skipped: a server is left out")
            return
        }
        var all = StageResults()
        for round in 0..<session.options.rounds {
            for kind in movers(session, round: round) {
                try run(Mover(kind, setting, fixture), session, fixture, isFirst: round == 0, &all)
            }
        }
        all.tell(setting, fixture)
    }

    private func run(
        _ mover: Mover, _ session: Session, _ fixture: SyncFixture, isFirst: Bool, _ all: inout StageResults
    ) throws(BenchmarkFailure) {
        defer { mover.destination?.server.stop() }
        if mover.kind == .helm, all.helmStart == nil {
            let loop = try HelmLoop(mover, session.freshDirectory("helm"), session.options)
            all.helmStart = try loop.startTime()
        }
        for stage in mover.stages {
            func measure() throws(BenchmarkFailure) {
                let run = try MoverRun(
                    mover.words(stage), session, source: mover.source, destination: mover.destination)
                all.add(run, mover, stage)
                if mover.kind == .chartroom {
                    fixture.notePeak("\(setting.name)-\(stage.rawValue)", run.peakBytes)
                }
            }
            if stage == .changed {
                try fixture.withChanges(setting, measure)
            } else {
                try measure()
            }
            if stage == .cold, isFirst { try check(mover, session, fixture) }
        }
    }

    /// Whether everything arrived; a data directory is served to see.
    private func check(_ mover: Mover, _ session: Session, _ fixture: SyncFixture) throws(BenchmarkFailure) {
        if let destination = mover.destination {
            try fixture.check(destination.server.port, below: Mover.path, mover.references)
        } else {
            let server = try Server(session.launch(.chartroom, in: mover.directory))
            defer { server.stop() }
            try fixture.check(server.port, below: Mover.path, mover.references)
        }
    }

    private func canRun(_ session: Session) -> Bool {
        let participants = session.participants()
        let needed: [Server.Kind] =
            switch setting.source {
            case .registry: [.dockerRegistry]
            case .classic: [.nginx]
            case .chartroom: [.chartroom, .dockerRegistry]
            }
        return participants.contains(.chartroom) && needed.allSatisfy(participants.contains)
    }

    private func movers(_ session: Session, round: Int) -> [MoverKind] {
        let asked = session.options.paths[MirrorCase.option.name]?.split(separator: ",").map(String.init)
        return setting.movers(round: round).filter { asked?.contains($0.rawValue) ?? true }.filter {
            $0 != .helm || HelmLoop.isThere(session.options)
        }
    }
}
