import Content
import HelmModel
import OCIModel
import Posix

/// What is to be warmed: references of the command line and of a file, and what upstreams list.
struct WarmList {
    /// The first reference with a server in it; all of them name the same.
    private(set) var server: Reference?
    private var references: [Reference] = []
    private var indexes: [RepositoryName] = []
    private let newest: Int?
    private let pattern: ChartPattern?

    /// The size of a list's file, in bytes.
    private static let maximumFileBytes = 16 << 20

    init(_ invocation: Invocation) throws(CommandError) {
        let arguments = invocation.arguments
        newest = arguments["newest"].flatMap { Int($0) }
        pattern = try arguments["chart"].map { text throws(CommandError) in
            guard let pattern = ChartPattern(text) else {
                throw CommandError(.usage, "--chart: \(Printable.quoted(text)) is no chart's name or pattern")
            }
            return pattern
        }
        let paths = arguments.options["index"] ?? []
        guard newest != 0 else { throw CommandError(.usage, "--newest must be 1 or more") }
        guard !paths.isEmpty || newest == nil && pattern == nil else {
            throw CommandError(.usage, "--newest and --chart need --index PATH")
        }
        for text in arguments.positionals["REFERENCE"] ?? [] { try add(try UpstreamReference.manifest(text)) }
        if let file = arguments["file"] { try read(file, invocation.console) }
        for text in paths {
            let reference = try UpstreamReference.path(text)
            try note(reference)
            indexes.append(reference.repository)
        }
        guard !references.isEmpty || !indexes.isEmpty else {
            throw CommandError(
                .usage, "nothing is to be warmed", hints: ["give references, --file LIST or --index PATH"])
        }
    }

    /// Every reference once, in the order given.
    ///
    /// One request for each index.
    func references(of control: any UpstreamControl) async throws(CommandError) -> [Reference] {
        var all = references
        for path in indexes {
            let listed = try await contentWork { () async throws(ContentError) in
                try await control.upstreamReferences(in: path)
            }
            all += picked(listed)
        }
        guard !all.isEmpty else { throw CommandError(.notFound, "nothing that is listed fits") }
        var seen: Set<String> = []
        return all.filter { seen.insert($0.path).inserted }
    }

    private mutating func add(_ reference: Reference) throws(CommandError) {
        try note(reference)
        references.append(reference)
    }

    private mutating func note(_ reference: Reference) throws(CommandError) {
        guard let host = reference.host else { return }
        if let other = server?.host, other != host {
            throw CommandError(.usage, "the references name two servers, \(other) and \(host)")
        }
        server = reference
    }

    private mutating func read(_ file: String, _ console: Console) throws(CommandError) {
        let name = file == "-" ? "standard input" : file
        for (index, line) in try WarmList.lines(of: file, console).enumerated() {
            let words = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let text = (words.first ?? "").split { " \t\r".contains($0) }
            guard let word = text.first else { continue }
            do throws(CommandError) {
                guard text.count == 1 else { throw CommandError(.usage, "more than one word in a line") }
                try add(try UpstreamReference.manifest(String(word)))
            } catch {
                throw CommandError(error.code, "\(name):\(index + 1): \(error.message)", hints: error.hints)
            }
        }
    }

    private static func lines(of file: String, _ console: Console) throws(CommandError) -> [String] {
        if file == "-" {
            var lines: [String] = []
            var bytes = 0
            while let line = console.readLine() {
                bytes += line.utf8.count + 1
                guard bytes <= maximumFileBytes else { throw CommandError(.usage, "standard input is too large") }
                lines.append(line)
            }
            return lines
        }
        do throws(SystemError) {
            let bytes = try File.contents(of: file, maximumBytes: maximumFileBytes)
            return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
        } catch {
            throw CommandError(error)
        }
    }

    /// What `--chart` and `--newest` leave of a listing, in its order.
    private func picked(_ listed: [Reference]) -> [Reference] {
        let charts = listed.filter { pattern?.matches(String($0.repository.lastElement)) ?? true }
        guard let newest else { return charts }
        var versions: [RepositoryName: [(version: SemanticVersion, tag: Tag)]] = [:]
        for chart in charts {
            // Tags that are no version are nobody's newest.
            guard let tag = chart.tag, let version = try? SemanticVersion(lenient: tag.chartVersion) else { continue }
            versions[chart.repository, default: []].append((version, tag))
        }
        let kept = versions.mapValues { found in
            Set(found.sorted { $0.version > $1.version }.prefix(newest).map(\.tag))
        }
        return charts.filter { chart in chart.tag.map { kept[chart.repository]?.contains($0) == true } ?? false }
    }
}
