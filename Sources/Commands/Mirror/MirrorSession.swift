import Content
import Metadata
import OCIModel
import Posix
import Sync
import Telemetry

/// What a command on mirrors works with: the file, the mirrors that are meant, the ends, the ledger.
struct MirrorSession: Sendable {
    let loaded: LoadedMirrorFile
    /// The mirrors that are meant, in the order of the file.
    let rules: [MirrorRule]
    let ends: any MirrorEnds
    let ledger: any MirrorLedger
    /// The data directory.
    let directory: String

    /// How workers work here.
    func options(_ change: (inout MirrorOptions) -> Void = { _ in }) -> MirrorOptions {
        var options = MirrorOptions(now: WallClock.now)
        // Beside the locks of runs: on the disk that the data is on, which has room.
        options.spoolDirectory = directory + "/mirrors"
        change(&options)
        return options
    }

    func worker(_ rule: MirrorRule, _ options: MirrorOptions) -> MirrorWorker {
        MirrorWorker(rule, ends: ends, ledger: ledger, options)
    }

    /// The ends of a file by its hosts; what the clients warn of goes to standard error.
    static let ends: @Sendable (MirrorFile, MirrorStore?, Context) -> any MirrorEnds = { file, store, context in
        let warn = Logger(level: .warning) { context.console.warn(LogFormat.sentence($0)) }
        return MirrorAssembly(
            MirrorClients(file, environment: context.environment, logger: warn), store: store)
    }
}

extension Invocation {
    /// Reads the mirror file, opens what the mirrors that are meant need.
    ///
    /// - Throws: `.usage` for a file with mistakes and for a mirror it does not have.
    func openMirrors() async throws(CommandError) -> MirrorSession {
        let loaded = try loadMirrorFile()
        try loaded.throwMistakes()
        return try await openMirrors(loaded, try meant(loaded))
    }

    /// Opens what these mirrors need.
    func openMirrors(
        _ loaded: LoadedMirrorFile, _ rules: [MirrorRule], ledger: (any MirrorLedger)? = nil
    ) async throws(CommandError) -> MirrorSession {
        let directory = try TargetSelection.directory(of: self)
        var store: MirrorStore?
        if rules.contains(where: \.needsStore) {
            let end = try await context.openEnd(.store(directory: directory), context)
            do throws(ContentError) { store = try MirrorStore(end) } catch { throw CommandError(error) }
        }
        let ends = context.mirrorEnds(loaded.file, store, context)
        let memory = if let ledger { ledger } else { try openLedger(directory) }
        return MirrorSession(loaded: loaded, rules: rules, ends: ends, ledger: memory, directory: directory)
    }

    /// What is remembered of mirrors in the data directory.
    func openLedger(_ directory: String) throws(CommandError) -> any MirrorLedger {
        do throws(ContentError) {
            return try MirrorDatabase(in: directory)
        } catch {
            throw CommandError(error)
        }
    }

    /// The mirrors of the command line; all where it names none.
    func meant(_ loaded: LoadedMirrorFile) throws(CommandError) -> [MirrorRule] {
        let names = arguments.positionals["MIRROR"] ?? []
        let all = loaded.file.mirrors
        for name in names where !all.contains(where: { $0.name == name }) {
            throw CommandError(
                .notFound, "\(Printable.text(loaded.path)) has no mirror \(Printable.quoted(name))",
                hints: Suggestion.hint(for: name, among: all.map(\.name)).map { [$0] } ?? [])
        }
        return names.isEmpty ? all : all.filter { names.contains($0.name) }
    }
}

extension MirrorRule {
    /// Whether the local store is one of its ends.
    fileprivate var needsStore: Bool {
        [from, to, closure.images?.to].contains { place in
            if case .store? = place { true } else { false }
        }
    }
}
