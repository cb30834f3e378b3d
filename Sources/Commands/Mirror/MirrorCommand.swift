extension Command {
    /// `chartroom mirror`.
    static let mirror = Command(
        name: "mirror", summary: "Mirror charts between registries, repositories and the store",
        children: [
            .mirrorCheck, .mirrorPlan, .mirrorRun, .mirrorStatus, .mirrorHistory, .mirrorShow, .mirrorVerify,
            .mirrorUndo,
        ])
}

/// What every command that reads a mirror file is given.
enum MirrorFileOptions {
    static let argument = Command.Argument(
        name: "FILE", help: "The mirror file; default ./mirror.yaml.", kind: .file(endings: [".yaml", ".yml"]),
        arity: .optional)

    /// The mirrors a command is for.
    static let mirrors = Command.Argument(
        name: "MIRROR", help: "The mirrors, by their names; default all of the file.", arity: .many)

    /// For commands whose arguments are mirrors.
    static let file = Command.Option.value(
        "file", short: "f", "FILE", "The mirror file; default ./mirror.yaml.", kind: .file(endings: [".yaml", ".yml"]))

    static let data: [Command.Option] = [
        .value(
            "data", "DIR", "The data directory, which holds the local store and what is remembered of mirrors.",
            kind: .directory),
        .value(
            "config", "FILE", "The configuration file to take the data directory from.",
            kind: .file(endings: [".yaml", ".yml"])),
    ]

    /// For commands that name a lock.
    static let lock = Command.Option.value(
        "lock", "FILE", "The lock file; default that of the mirror file: mirror.lock beside mirror.yaml.",
        kind: .file(endings: [".lock"]))

    static let options: [Command.Option] = [
        .value(
            "format", "FORMAT", "Whose file it is; default chartroom.",
            kind: .choice(MirrorFileFormat.allCases.map(\.rawValue))),
        .value("to", "PLACE", "Where a file of skopeo goes, which names no destination: oci://host/path, store:PATH."),
        .flag("scoped", "Name repositories of skopeo's file {host}/{repository}, as 'skopeo sync --scoped' does."),
    ]

    static let defaultPath = "mirror.yaml"
}

extension Invocation {
    /// The mirror file the command line names; what is wrong with it is in the result.
    func loadMirrorFile() throws(CommandError) -> LoadedMirrorFile {
        let format = arguments["format"].flatMap(MirrorFileFormat.init) ?? .chartroom
        for option in ["to", "scoped"] where arguments.has(option) && format != .skopeo {
            throw CommandError(
                .usage, "--\(option) is for files of skopeo; others say themselves where mirrors go",
                hints: ["give --format skopeo"])
        }
        let path = arguments["file"] ?? arguments.positional("FILE")
        return try LoadedMirrorFile.load(
            path.isEmpty ? MirrorFileOptions.defaultPath : path,
            MirrorFileReading(
                format: format, to: arguments["to"], isScoped: arguments.has("scoped"), environment: context.environment
            ))
    }
}
