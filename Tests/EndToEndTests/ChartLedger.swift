import Glibc
import HTTPMessage
import OCIModel
import Synchronization
import TestSupport
import Testing

/// What became of every version that was pushed, and what an index may say of it.
final class ChartLedger: Sendable {
    /// A version of a chart; its archive follows from it.
    struct Version: Hashable, Sendable {
        var name: String
        var number: Int

        var version: String { "1.\(number).0" }
        var chart: PackedChart {
            PackedChart(name, version, files: [("values.yaml", "number: \(number)\nname: \(name)\n")])
        }
    }

    /// How far a version has come.
    enum Phase: Int, Comparable {
        case unknown, pushed, listed, removed, gone

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    private struct State {
        var phases: [Version: Phase] = [:]
        /// The SHA-256 of each version's archive.
        var digests: [Version: String] = [:]
        var acknowledged = 0
        var isFinished = false
        var victim: (server: RunningServer, left: Int)?
        /// The bytes behind each tag and the tag of each bytes.
        var bytesOfTag: [String: Digest] = [:]
        var tagOfBytes: [Digest: String] = [:]
    }

    private let state = Mutex(State())

    /// The phases at this moment.
    var phases: [Version: Phase] { state.withLock { $0.phases } }

    /// How many answers came.
    var acknowledged: Int { state.withLock { $0.acknowledged } }

    /// Whether nobody pushes any more.
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Notes that nobody pushes any more.
    func finish() { state.withLock { $0.isFinished = true } }

    /// Kills a server with the n-th acknowledgement from now.
    func kill(_ server: RunningServer, after count: Int) {
        state.withLock { $0.victim = (server, count) }
    }

    /// Notes that a request was begun.
    func begin(_ version: Version, _ phase: Phase) {
        let digest = phase == .pushed ? Digest(of: version.chart.archive).hex : nil
        state.withLock { state in
            state.phases[version] = phase
            if let digest { state.digests[version] = digest }
        }
    }

    /// Notes that it was answered, and kills when the time has come.
    func acknowledge(_ version: Version, _ phase: Phase) {
        let victim = state.withLock { state -> RunningServer? in
            state.phases[version] = phase
            state.acknowledged += 1
            state.victim?.left -= 1
            guard let victim = state.victim, victim.left <= 0 else { return nil }
            state.victim = nil
            return victim.server
        }
        victim?.signal(SIGKILL)
    }

    /// What was under way when the server was killed may have happened or not: the index tells which.
    func settle(_ index: ReadIndex) {
        let listed = Set(index.versions.map { $0.name + " " + $0.version })
        state.withLock { state in
            for (version, phase) in state.phases where phase == .pushed || phase == .removed {
                state.phases[version] = listed.contains(version.name + " " + version.version) ? .listed : .gone
            }
        }
    }

    /// Holds an index against what was known before it was asked for and after it came.
    func check(_ index: ReadIndex, since before: [Version: Phase]) throws {
        let (after, digests) = state.withLock { ($0.phases, $0.digests) }
        var seen: [String: Int] = [:]
        for entry in index.versions {
            let number = try #require(entry.version.split(separator: ".").dropFirst().first.flatMap { Int($0) })
            let version = Version(name: entry.name, number: number)
            #expect(after[version] ?? .unknown >= .pushed, "\(entry) was never pushed")
            #expect(before[version] ?? .unknown < .gone, "\(entry) was removed before")
            #expect(seen[entry.name].map { $0 > number } ?? true, "\(entry) is out of order")
            seen[entry.name] = number
            #expect(entry.digest == digests[version], "\(entry)")
            #expect(entry.path == "charts/\(entry.name)-\(entry.version).tgz")
        }
        let listed = Set(index.versions.map { $0.name + " " + $0.version })
        for (version, phase) in before where phase >= .listed && after[version] == .listed {
            #expect(listed.contains(version.name + " " + version.version), "\(version) is missing")
        }
    }

    /// Holds an entity tag against all others: the same tag, the same bytes, and the other way round.
    func check(tag: String, of bytes: [UInt8]) {
        let digest = Digest(of: bytes)
        state.withLock { state in
            #expect(state.bytesOfTag[tag] ?? digest == digest, "other bytes have the tag \(tag)")
            #expect(state.tagOfBytes[digest] ?? tag == tag, "the same bytes have another tag than \(tag)")
            state.bytesOfTag[tag] = digest
            state.tagOfBytes[digest] = tag
        }
    }
}

/// One client that pushes charts by either door, and takes some of them away again.
struct ChartPusher: Sendable {
    let web: Web
    let ledger: ChartLedger
    let namespace: String
    /// The number of its first version; the others follow.
    let first: Int
    let seed: UInt64

    /// Pushes so many versions of two charts, the second shared with all others.
    func push(_ count: Int, own name: String) async throws {
        var random = SeededGenerator(seed: seed)
        for number in first..<(first + count) {
            let version = ChartLedger.Version(
                name: Bool.random(using: &random) ? name : "shared", number: number)
            try await push(version, &random)
            if random.next() % 4 == 0 { try await remove(version, &random) }
        }
    }

    private func push(_ version: ChartLedger.Version, _ random: inout SeededGenerator) async throws {
        let chart = version.chart
        ledger.begin(version, .pushed)
        switch random.next() % 3 {
        case 0: try await web.push(chart, to: "\(namespace)/\(version.name)", tag: version.version)
        case 1: try check(201, try await web.upload(chart.archive, to: namespace))
        default: try check(201, try await web.upload(chart.archive, to: namespace, asForm: true))
        }
        ledger.acknowledge(version, .listed)
    }

    private func remove(_ version: ChartLedger.Version, _ random: inout SeededGenerator) async throws {
        ledger.begin(version, .removed)
        let byRegistry = Bool.random(using: &random)
        let path =
            byRegistry
            ? "/v2/\(namespace)/\(version.name)/manifests/\(version.version)"
            : "/api/charts/\(namespace)/charts/\(version.name)/\(version.version)"
        let answer = try await web.send(.delete, path)
        try check(byRegistry ? 202 : 200, (answer.status, String(decoding: answer.body, as: UTF8.self)))
        ledger.acknowledge(version, .gone)
    }

    private func check(
        _ status: Int, _ answer: (status: Int, text: String), sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try #require(answer.status == status, "\(answer)", sourceLocation: sourceLocation)
    }
}
