import Content
import HelmModel
import OCIModel
import Posix

extension Command {
    static let push = Command(
        name: "push", summary: "Push a chart",
        discussion: [
            "Pushes the archive unchanged, the config and the manifest made of its Chart.yaml, and FILE.prov when it "
                + "lies beside. The manifest holds no clock: the same archive always gives the same digest."
        ],
        arguments: [
            .init(name: "FILE", help: "The chart's archive.", kind: .file(endings: [".tgz"])),
            .init(
                name: "REFERENCE",
                help: "Where to: oci://host/namespace, to which the chart's name is added, or REPOSITORY[:TAG]."),
        ],
        options: [OutputFormat.option] + TargetSelection.options,
        examples: [
            .init(
                line: "chartroom push nginx-1.2.3.tgz oci://127.0.0.1:5000/charts", purpose: "to a server, as helm does"
            ),
            .init(line: "chartroom push nginx-1.2.3.tgz charts/nginx", purpose: "to the local store"),
        ],
        run: { invocation async throws(CommandError) in
            let source = try ChartSource(path: invocation.arguments.positional("FILE"))
            for warning in source.warnings { invocation.console.warn(warning) }
            let reference = try PushDestination.reference(invocation.arguments.positional("REFERENCE"), source.metadata)
            let opened = try await invocation.open(reference)
            try await invocation.push(source, to: reference, opened.end)
            try invocation.showPushed(source, reference)
        })
}

extension Invocation {
    fileprivate func push(
        _ source: ChartSource, to reference: Reference, _ end: any RegistryEnd
    ) async throws(CommandError) {
        let repository = reference.repository
        let progress = Progress(
            "pushing \(source.metadata.name)", total: source.archive.descriptor.size, console: console)
        defer { progress.finish() }
        try await push(source.archive, to: repository, end, progress)
        if let provenance = source.provenance { try await push(provenance, to: repository, end, progress) }
        try await contentWork { () async throws(ContentError) in
            var bytes: [UInt8]? = source.config.bytes
            try await end.putBlob(source.config.descriptor, in: repository) { () async throws(ContentError) in
                bytes.take()
            }
            try await end.putManifest(source.manifest, tags: reference.tag.map { [$0] } ?? [], in: repository)
        }
    }

    private func push(
        _ file: FileContent, to repository: RepositoryName, _ end: any RegistryEnd, _ progress: Progress
    ) async throws(CommandError) {
        let reader = try FileContent.Reader(path: file.path)
        try await contentWork { () async throws(ContentError) in
            try await end.putBlob(file.descriptor, in: repository) { () async throws(ContentError) in
                if Task.isCancelled { throw .unavailable("interrupted") }
                let piece: [UInt8]?
                do throws(SystemError) {
                    piece = try reader.next()
                } catch {
                    throw .internal(error.description)
                }
                progress.advance(by: piece?.count ?? 0)
                return piece
            }
        }
    }

    fileprivate func showPushed(_ source: ChartSource, _ reference: Reference) throws(CommandError) {
        let digest = source.manifest.digest
        try show(
            json: .object([
                ("reference", .string(reference.description)), ("digest", .string(digest.description)),
                ("name", .string(source.metadata.name)), ("version", .string(source.metadata.version)),
                ("size", .integer(source.archive.descriptor.size)),
            ]),
            table: "\(reference)@\(digest)\n")
    }
}
