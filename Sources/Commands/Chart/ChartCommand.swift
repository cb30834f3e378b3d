import ChartInspection
import Content
import HelmModel
import OCIModel

extension Command {
    /// `chartroom chart`.
    static let chart = Command(
        name: "chart", summary: "List, search and look into charts",
        children: [
            .chartList, .chartSearch, .chartShow, .chartValues, .chartReadme, .chartTemplates, .chartDependencies,
            .chartDiff,
        ])
}

extension Command.Argument {
    static let chartReference = Command.Argument(
        name: "REFERENCE",
        help: "The chart: charts/nginx for its newest version, charts/nginx:1.2.3 or charts/nginx@sha256:…, with "
            + "oci://host/ in front for a server's.")
}

extension Command.Option {
    static let chartVersion = Command.Option.value("version", "VERSION", "The version, instead of a tag.")
}

extension Invocation {
    /// A reference to one chart or to its newest version; `--version` stands for a tag.
    func inspectedReference() throws(CommandError) -> Reference {
        var reference = try reference("REFERENCE")
        guard let version = arguments["version"] else { return reference }
        guard reference.manifest == nil else {
            throw CommandError(.usage, "\(reference) names a version already", hints: ["leave out --version"])
        }
        reference.tag = try Invocation.tag(ofVersion: version)
        return reference
    }

    static func tag(ofVersion version: String) throws(CommandError) -> Tag {
        do {
            return try Tag(chartVersion: version)
        } catch {
            throw CommandError(.usage, error.description)
        }
    }

    /// Opens the registry of a reference and looks into it.
    func inspect<Answer>(
        _ reference: Reference, _ work: (ChartInspector) async throws(ContentError) -> Answer
    ) async throws(CommandError) -> Answer {
        let opened = try await open(reference)
        return try await contentWork { () async throws(ContentError) in try await work(ChartInspector(opened.end)) }
    }

    /// Writes a file's text: byte for byte, but fit for a terminal on one.
    func output(file bytes: [UInt8]) throws(CommandError) {
        guard console.isOutputTerminal else { return try console.output(bytes) }
        try console.output(Lines.printable(String(decoding: bytes, as: UTF8.self)))
    }
}

/// Text of several lines.
enum Lines {
    /// Each line fit for a terminal; tabs and line ends stay.
    static func printable(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { Printable.text(String($0)) }
                .joined(separator: "\t")
        }.joined(separator: "\n")
    }

    /// At most so many characters on one line.
    static func short(_ text: String, _ width: Int = 60) -> String {
        let line = text.prefix { $0 != "\n" }
        return line.count > width ? line.prefix(width - 1) + "…" : String(line)
    }
}
