import Content
import Glibc
import LocalRegistry
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

/// System calls that fail on purpose, once or from some call on, and can be let alone again.
final class CallFaults: Sendable {
    enum Mode: Sendable, CaseIterable {
        case once
        case fromThenOn
    }

    private struct State {
        var position: Int?
        var mode = Mode.once
        var code: CInt = ENOSPC
        var kinds: Set<SystemCall> = []
        var count = 0
        var fired: [String] = []
    }

    private let state = Mutex(State())

    var calls: SystemCalls {
        SystemCalls { [self] call, object in
            state.withLock { state in
                guard let position = state.position, state.kinds.contains(call) else { return nil }
                state.count += 1
                guard state.mode == .once ? state.count == position : state.count >= position else { return nil }
                state.fired.append("\(call) \(object.split(separator: "/").suffix(2).joined(separator: "/"))")
                return state.code
            }
        }
    }

    /// From now on the call at this position fails, counted from 1.
    func arm(
        _ position: Int, _ mode: Mode = .once, code: CInt = ENOSPC,
        only kinds: Set<SystemCall> = Set(SystemCall.allCases)
    ) {
        state.withLock { $0 = State(position: position, mode: mode, code: code, kinds: kinds) }
    }

    /// Nothing fails any more; gives what did.
    @discardableResult func disarm() -> [String] {
        state.withLock { state in
            state.position = nil
            return state.fired
        }
    }
}

/// A push as Helm does it, one acknowledgement after the other.
struct HelmPush {
    let chart: SampleChart
    let tag: Tag
    /// Larger than what the committer flushes for a group: it is flushed by its own request.
    let large: [UInt8]
    var acknowledgedBlobs: [[UInt8]] = []
    var hasManifest = false
    var hasTag = false
    var errors: [ContentError] = []

    init(_ version: String, seed: UInt64 = 1) throws {
        chart = SampleChart("demo", version, seed: seed)
        tag = try Tag(version)
        var generator = SeededGenerator(seed: seed &+ 77)
        large = Array(version.utf8) + generator.bytes(1_050_000)
    }

    var blobs: [[UInt8]] { [chart.archive, chart.config, large] }
    var isWhole: Bool { acknowledgedBlobs.count == blobs.count && hasManifest && hasTag }

    /// Tries every step, whatever became of the others.
    mutating func run(_ registry: Registry) async {
        for bytes in blobs {
            do throws(ContentError) {
                try await registry.upload(bytes, pieces: 3)
                if !acknowledgedBlobs.contains(bytes) { acknowledgedBlobs.append(bytes) }
            } catch {
                errors.append(error)
            }
        }
        do throws(ContentError) {
            try await registry.putManifest(chart.manifest, tags: [], in: demo)
            hasManifest = true
        } catch {
            errors.append(error)
        }
        do throws(ContentError) {
            try await registry.putManifest(chart.manifest, tags: [tag], in: demo)
            (hasManifest, hasTag) = (true, true)
        } catch {
            errors.append(error)
        }
    }

    /// What was acknowledged is there; what was not is there whole or not at all.
    func check(_ registry: Registry, _ context: String) async throws {
        for bytes in blobs {
            do throws(ContentError) {
                let served = try registry.served(Digest(of: bytes))
                #expect(served == bytes, "a blob is whole, \(context)")
            } catch {
                let isRefused = [.blobUnknown, .nameUnknown].contains(Kind(error))
                #expect(isRefused && !acknowledgedBlobs.contains(bytes), "\(error), \(context)")
            }
        }
        check(registry, .digest(chart.manifest.digest), isAcknowledged: hasManifest, context)
        check(registry, .tag(tag), isAcknowledged: hasTag, context)
    }

    private func check(
        _ registry: Registry, _ reference: ManifestReference, isAcknowledged: Bool, _ context: String
    ) {
        do throws(ContentError) {
            let found = try registry.findManifest(reference, in: demo)
            #expect(found == chart.manifest, "a manifest is whole, \(context)")
        } catch {
            let isRefused = [.manifestUnknown, .nameUnknown].contains(Kind(error))
            #expect(isRefused && !isAcknowledged, "\(error), \(context)")
        }
    }

    /// Errors are the disk's, and say which call; a manifest may also miss the blobs whose upload failed.
    func checkErrors(_ context: String) {
        for error in errors {
            switch error {
            case .storageFull(let text): #expect(text.contains(": "), "\(text), \(context)")
            case .referencesMissing:
                #expect(!acknowledgedBlobs.contains(chart.archive) || !acknowledgedBlobs.contains(chart.config))
            default: Issue.record("\(String(reflecting: error)), \(context)")
            }
        }
    }
}

/// Holds the committer's thread after a commit, so that requests get in line behind it.
final class Hold: Sendable {
    private struct State {
        var isClosed = false
        var isHeld = false
    }

    private let state = Condition(State())

    /// The next commit stops here.
    func close() { state.updateAll { $0.isClosed = true } }

    func open() { state.updateAll { $0 = State() } }

    /// Called by the committer.
    func pass() {
        state.updateAll { $0.isHeld = $0.isClosed }
        state.wait(timeout: .seconds(20)) { state, isLate in !state.isClosed || isLate ? () : nil }
    }

    func untilHeld() async {
        while !state.wait({ state, _ in state.isHeld }) { await Task.yield() }
    }
}

extension Registry {
    /// Uploads blobs that the committer takes as one group, and gives how each ended. `prepare` is called when all of
    /// them are in line; the observer's `didCommit` must call `hold.pass()`.
    func inOneGroup(_ blobs: [[UInt8]], _ hold: Hold, _ prepare: () -> Void) async throws -> [Kind?] {
        var writers: [any UploadWriter] = []
        for bytes in blobs {
            let writer = try await openUpload(in: demo, algorithm: .sha256)
            try await writer.append(bytes)
            writers.append(writer)
        }
        hold.close()
        let first = Task { _ = try await beginUpload(in: other, client: "hold", algorithm: .sha256) }
        await hold.untilHeld()
        var tasks: [Task<Kind?, Never>] = []
        for (bytes, writer) in zip(blobs, writers) {
            let before = waitingWrites
            tasks.append(
                Task { await failure { () throws(ContentError) in try await writer.finish(Digest(of: bytes)) } })
            while waitingWrites == before { await Task.yield() }
        }
        prepare()
        hold.open()
        try await first.value
        var kinds: [Kind?] = []
        for task in tasks { kinds.append(await task.value) }
        return kinds
    }
}
