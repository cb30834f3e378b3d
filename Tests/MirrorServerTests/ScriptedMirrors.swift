import Content
import Synchronization

/// Mirrors that answer as they are told, and keep what they were asked.
final class ScriptedMirrors: MirrorControl {
    private let log = Mutex<[String]>([])

    /// The questions, one line each.
    var asked: [String] { log.withLock { $0 } }

    static let ended: MirrorRun = {
        var run = MirrorRun(
            id: 7, mirror: "stable", trigger: .schedule, startedAt: 1_700_000_000_000_001,
            endedAt: 1_700_000_060_000_000, outcome: .failed, message: "nobody is there\u{1B}")
        run.counts.selected = 1
        run.counts.copied = 2
        run.counts.retagged = 3
        run.counts.left = 4
        run.counts.marked = 5
        run.counts.pruned = 6
        run.counts.failed = 7
        run.counts.blobs = 8
        run.counts.bytes = 9 << 40
        run.counts.mounted = 10
        run.counts.sourceRequests = 11
        run.counts.destinationRequests = 12
        return run
    }()

    static let running = MirrorRun(id: 8, mirror: "stable", trigger: .api, startedAt: 1_700_000_100_000_000)

    static let states = [
        MirrorState(
            name: "stable", from: "https://charts.example/stable", to: "store:mirror", activity: .running,
            nextRunAt: 1_700_003_600_000_000, run: running, last: ended, succeededAt: 1_600_000_000_000_000,
            lastError: "nobody is there\u{1B}"),
        MirrorState(name: "a.b_c-1", from: "oci://a.example", to: "oci+http://b.example/x", activity: .idle),
    ]

    static let failures = [
        MirrorFailure(
            source: "https://charts.example/stable nginx:1.0.0", destination: "store:mirror/nginx:1.0.0",
            side: .destination, reason: "it is full", hint: "make room"),
        MirrorFailure(source: "x", destination: "", side: .source, reason: "gone", hint: ""),
    ]

    static let preview = MirrorPreview(
        mirror: "stable", counts: ["copy": 2, "leave": 40],
        changes: [.init(action: "copy", source: "s:1", destination: "d:1", reason: "it is not there")],
        problems: failures, notes: ["an index with 3 invalid entries"])

    private func find(_ line: String, _ name: String) throws(ContentError) -> MirrorState {
        log.withLock { $0.append("\(line) \(name)") }
        guard let state = ScriptedMirrors.states.first(where: { $0.name == name }) else {
            throw .nameUnknown("there is no mirror \(name)")
        }
        return state
    }

    func mirrors() async throws(ContentError) -> [MirrorState] { ScriptedMirrors.states }
    func mirror(_ name: String) async throws(ContentError) -> MirrorState { try find("mirror", name) }

    func plan(of name: String) async throws(ContentError) -> MirrorPreview {
        _ = try find("plan", name)
        return ScriptedMirrors.preview
    }

    func run(_ name: String) async throws(ContentError) -> MirrorState {
        let state = try find("run", name)
        guard state.activity == .idle else { throw .conflict("a run of the mirror \(name) is under way") }
        return state
    }

    func cancel(_ name: String) async throws(ContentError) -> MirrorState { try find("cancel", name) }

    func runs(of mirror: String?, before last: Int64?, limit: Int) async throws(ContentError) -> [MirrorRun] {
        log.withLock { $0.append("runs \(mirror ?? "-") \(last.map(String.init) ?? "-") \(limit)") }
        return [ScriptedMirrors.running, ScriptedMirrors.ended]
    }

    func report(of run: Int64) async throws(ContentError) -> MirrorReport {
        guard run == 7 else { throw .nameUnknown("there is no run \(run)") }
        return MirrorReport(run: ScriptedMirrors.ended, failures: ScriptedMirrors.failures)
    }
}
