import Content
import HelmModel
import OCIModel
import Posix

extension Command {
    static let pull = Command(
        name: "pull", summary: "Pull a chart to a file",
        discussion: [
            "Writes name-version.tgz into the working directory. The bytes are checked against their digest, and the "
                + "file appears only when it is complete."
        ],
        arguments: [
            .init(
                name: "REFERENCE", help: "The chart: charts/nginx:1.2.3, oci://host/charts/nginx:1.2.3, or @DIGEST.")
        ],
        options: [
            .value("version", "VERSION", "The chart's version, instead of a tag in the reference."),
            .value(
                "output", short: "o", "FILE", "The file to write; - for standard output.",
                kind: .file(endings: [".tgz"])),
            .value(
                "directory", short: "d", "DIR", "The directory to write name-version.tgz into; made when missing.",
                kind: .directory),
            .flag("prov", "Write the provenance file as well, with .prov behind the name."),
        ] + TargetSelection.options,
        examples: [
            .init(line: "chartroom pull oci://127.0.0.1:5000/charts/nginx:1.2.3 -d /tmp", purpose: "from a server")
        ],
        run: { invocation async throws(CommandError) in
            let (reference, manifest) = try invocation.chartReference()
            let output = invocation.arguments["output"]
            if output != nil, invocation.arguments["directory"] != nil {
                throw CommandError(.usage, "--output and --directory exclude each other")
            }
            if output == "-", invocation.arguments.has("prov") {
                throw CommandError(.usage, "--prov needs a file, not standard output")
            }
            let opened = try await invocation.open(reference)
            let chart = try await PulledChart.find(manifest, in: reference.repository, opened.end)
            if invocation.arguments.has("prov"), chart.provenance == nil {
                throw CommandError(.notFound, "\(reference) has no provenance file")
            }
            let directory = invocation.arguments["directory"].map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? ""
            let path: String
            if let output {
                path = output
            } else {
                do throws(SystemError) {
                    if !directory.isEmpty { _ = try Directory(creating: directory) }
                } catch {
                    throw CommandError(error)
                }
                path = directory + (try await chart.fileName(in: reference.repository, opened.end))
            }
            try await invocation.write(chart.archive, to: path, reference, opened.end)
            if let provenance = chart.provenance, invocation.arguments.has("prov") {
                try await invocation.write(provenance, to: path + ".prov", reference, opened.end)
            }
            guard path != "-" else { return }
            try invocation.console.output(Printable.text(path) + "\n")
            invocation.console.talk("pulled \(reference.repository)@\(chart.digest)")
        })
}

extension Invocation {
    /// A reference to one chart; `--version` stands for a tag.
    fileprivate func chartReference() throws(CommandError) -> (Reference, ManifestReference) {
        var reference = try reference("REFERENCE")
        if let version = arguments["version"] {
            do {
                let tag = try Tag(chartVersion: version)
                guard reference.tag == nil || reference.tag == tag else {
                    throw CommandError(.usage, "the reference says \(reference), --version says \(version)")
                }
                reference.tag = tag
            } catch let error as CommandError {
                throw error
            } catch {
                throw CommandError(.usage, "\(error)")
            }
        }
        guard let manifest = reference.manifest else {
            throw CommandError(
                .usage, "\(reference) names no version",
                hints: ["write \(reference):VERSION; 'chartroom tag list' shows them"])
        }
        return (reference, manifest)
    }

    /// Writes a blob to a file, or to standard output.
    fileprivate func write(
        _ blob: Descriptor, to path: String, _ reference: Reference, _ end: any RegistryEnd
    ) async throws(CommandError) {
        let progress = Progress("pulling \(reference.repository)", total: blob.size, console: console)
        defer { progress.finish() }
        let sink = try BlobFile(path: path, console: console)
        try await contentWork { () async throws(ContentError) in
            try await end.readBlob(blob.digest, in: reference.repository, from: 0) { piece throws(ContentError) in
                if Task.isCancelled { throw .unavailable("interrupted") }
                try sink.write(piece)
                progress.advance(by: piece.count)
            }
        }
        try sink.commit()
    }
}

/// Where pulled bytes go.
///
/// For one task at a time.
private final class BlobFile {
    private var file: AtomicFile?
    private let console: Console

    init(path: String, console: Console) throws(CommandError) {
        self.console = console
        guard path != "-" else {
            file = nil
            return
        }
        do {
            file = try AtomicFile(path: path)
        } catch {
            throw CommandError(error)
        }
    }

    func write(_ piece: [UInt8]) throws(ContentError) {
        do throws(SystemError) {
            if file == nil { try console.writeOutput(piece) } else { try file?.write(piece) }
        } catch {
            throw error.isStorageFailure ? .storageFull(error.description) : .internal(error.description)
        }
    }

    func commit() throws(CommandError) {
        guard let complete = file.take() else { return }
        do {
            try complete.commit()
        } catch {
            throw CommandError(error)
        }
    }
}
