import Sync

/// What a mirror file says: the mirrors, and how hosts are spoken to.
struct MirrorFile: Sendable, Equatable {
    var mirrors: [MirrorRule] = []
    var hosts: [MirrorHost] = []
}

/// Whose file it is.
enum MirrorFileFormat: String, CaseIterable, Sendable {
    /// `mirror.yaml`, as `docs/mirroring.md` has it.
    case chartroom
    /// The configuration of regclient's regsync.
    case regsync
    /// The YAML source of `skopeo sync`.
    case skopeo
}

/// A mirror file with everything that is to be said about it.
struct LoadedMirrorFile: Sendable {
    /// The mirrors that could be understood; to be used only when there is no mistake.
    var file = MirrorFile()
    /// The path that was read.
    var path: String
    /// Where values stand: `mirrors.0` and `mirrors.0.from` for the first mirror, `hosts.0.host` for the first host.
    var origins: [String: Origin] = [:]
    /// What is wrong, in the order of the file.
    var mistakes: [ConfigurationMistake] = []
    /// What is legal and hardly meant.
    var warnings: [ConfigurationMistake] = []
    /// What another program's file asks for that is not done, and what is done instead.
    var leftOut: [ConfigurationMistake] = []

    /// - Throws: `.usage` with every mistake.
    func throwMistakes() throws(CommandError) {
        guard !mistakes.isEmpty else { return }
        throw CommandError(
            .usage, mistakes.map(\.text).joined(separator: "\n"),
            hints: ["'chartroom mirror check \(Printable.text(path))' shows what is wrong"])
    }
}

/// How a mirror file is read.
struct MirrorFileReading: Sendable {
    var format = MirrorFileFormat.chartroom
    /// Where mirrors of a file go that names no destination: that of `skopeo sync`.
    var to: String?
    /// Whether such mirrors keep the source's host and path in the destination's names, as `skopeo sync --scoped` does.
    var isScoped = false
    /// For `${NAME}`, for the names of variables, and for `~`.
    var environment: [String: String]
}

extension LoadedMirrorFile {
    /// The largest file that is read, in bytes.
    static let maximumBytes = 4 << 20
    /// The most mirrors of one file.
    static let maximumMirrors = 1000
}
