import Content
import OCIModel
import Sync
import Synchronization
import TestSupport

@testable import Commands

/// Command lines on mirrors between two registries in memory, over a data directory.
final class MirrorBench: MirrorEnds {
    let scratch: ScratchDirectory
    let harness = Harness()
    let source = MemoryRegistry()
    let destination = MemoryRegistry()
    let rate = Mutex<Double?>(nil)
    /// Called before an end is given.
    let before = Mutex<(@Sendable () async throws(ContentError) -> Void)?>(nil)
    let file: String

    init(_ more: String = "") throws {
        scratch = try ScratchDirectory()
        file = try scratch.write(
            "mirror.yaml",
            "mirrors:\n- name: a\n  from: oci://from.test/team\n  to: oci://to.test/copy\n\(more)")
        harness.mirrorEnds.withLock { $0 = self }
    }

    /// Puts a chart at the source.
    func add(_ name: String, _ version: String, files: [(path: String, text: String)] = []) async throws {
        try await PackedChart(name, version, files: files).push(to: source, try RepositoryName(parsing: "team/" + name))
    }

    /// Tags of a repository at the destination, sorted.
    func tags(_ repository: String) throws -> [String] {
        try destination.holdings(of: try RepositoryName(parsing: repository)).tags.keys.map(\.description).sorted()
    }

    /// `chartroom mirror …` with the file and the data directory.
    func run(_ words: String..., isTerminal: Bool = false) async -> Harness.Result {
        await harness.run(
            ["mirror"] + words + ["--file", file, "--data", scratch.path + "/data"], isTerminal: isTerminal)
    }

    /// As `run`, for commands that read no mirror file.
    func remembered(_ words: String...) async -> Harness.Result {
        await harness.run(["mirror"] + words + ["--data", scratch.path + "/data"])
    }

    // MARK: Ends

    func source(_ place: MirrorPlace, isNamedByContent: Bool) async throws(ContentError) -> MirrorSource {
        if let wait = before.withLock({ $0 }) { try await wait() }
        return .artifacts(try end(place))
    }

    func destination(_ place: MirrorPlace) async throws(ContentError) -> MirrorDestination {
        .artifacts(try end(place), intake: nil)
    }

    private func end(_ place: MirrorPlace) throws(ContentError) -> MemoryRegistry {
        switch place.host {
        case "from.test": return source
        case "to.test": return destination
        default: throw .unavailable("\(place) cannot be reached")
        }
    }

    func requestCount(of place: MirrorPlace) -> Int64 { 0 }
    func requestRate(of place: MirrorPlace) -> Double? { rate.withLock { $0 } }
}
