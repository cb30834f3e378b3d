public import Content
internal import HelmModel
internal import OCIModel
internal import Telemetry

extension PullThroughCache {
    /// `<name>-<version>.tgz`, or its `.prov`.
    public func cachedFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError) -> Cached<
        FoundChartFile
    >? {
        guard let match = table.match(namespace) else { return nil }
        let isProvenance = fileName.hasSuffix(".prov")
        let archive = isProvenance ? String(fileName.dropLast(5)) : fileName
        if let found = try hereFile(archive, isProvenance, in: namespace) {
            try checkFileAge(archive, in: namespace, match)
            meter.count(.hit)
            return .here(found, .none)
        }
        if isProvenance, try store.chartFile(named: archive, in: namespace) != nil {
            throw .blobUnknown("chart \(OCIParseError.quote(archive)) in \(namespace) has no provenance")
        }
        let key = FillTable.Key.file(archive, namespace)
        if !isProvenance, let fill = fills.find(key), case .growing(let size)? = try? fill.head {
            meter.count(.miss)
            return .here(FoundChartFile(digest: nil, blob: .growing(try fill.reader(size: size))), .none)
        }
        let negative = NegativeCache.Key.file(archive, namespace)
        try checkAsking(match, negative, chart: archive, in: namespace)
        return .later { [self] () throws(ContentError) in
            do throws(ContentError) {
                // A file takes several questions, which together may take no longer than one.
                let found = try await Awaited.value(
                    within: match.upstream.rule.deadline, on: pool,
                    late:
                        "the upstream \(match.upstream.name) did not answer in time; try again, it is still being asked"
                ) { [self] () throws(ContentError) in
                    try await fetchFile(archive, isProvenance, in: namespace, match)
                }
                try checkFileAge(archive, in: namespace, match)
                meter.count(.miss)
                return (found, .none)
            } catch {
                throw told(error, match, negative)
            }
        }
    }

    /// The rules of paths are about repositories; a file's is that of its chart, for which its name must do.
    private func checkAsking(
        _ match: UpstreamTable.Match, _ key: NegativeCache.Key, chart file: String, in namespace: ChartNamespace
    ) throws(ContentError) {
        let names = FileNames.candidates(file).map(\.name)
        // Which of them it is, is known only when it is found: `app-1-2.0.0` may be `app` or `app-1`.
        guard names.isEmpty || names.contains(where: { allows(chart: $0, in: namespace) }) else {
            throw notAllowed(file, match)
        }
        try checkAnswering(match.upstream, key)
    }

    /// Whether a chart may be asked for: its rule is that of its repository, whose name is in lower case.
    func allows(chart name: String, in namespace: ChartNamespace) -> Bool {
        guard let repository = try? namespace.repository(forChart: name), let spot = table.match(repository) else {
            return false
        }
        return spot.upstream.rule.allows(spot.rest)
    }

    func notAllowed(_ file: String, _ match: UpstreamTable.Match) -> ContentError {
        .denied("\(OCIParseError.quote(file)) may not be cached: allow and deny of \(match.upstream.name) forbid it")
    }

    /// Refuses a registry's chart that is too young by its file's name as by its tag; a classic index says itself from
    /// when on a version is seen.
    private func checkFileAge(
        _ archive: String, in namespace: ChartNamespace, _ match: UpstreamTable.Match
    ) throws(ContentError) {
        guard match.upstream.rule.minimumAge > .zero, match.upstream.knownKind != .charts else { return }
        for (name, version) in FileNames.candidates(archive) {
            guard let tag = try? Tag(chartVersion: version), let repository = try? namespace.repository(forChart: name),
                let spot = table.match(repository), let origin = try store.tagOrigin(tag, in: repository),
                let manifest = try store.peekManifest(.tag(tag), in: repository)
            else { continue }
            try checkAge(of: manifest, tag, origin, spot)
        }
    }

    /// What is listed and here.
    func hereFile(
        _ archive: String, _ isProvenance: Bool, in namespace: ChartNamespace
    ) throws(ContentError) -> FoundChartFile? {
        guard let file = try store.chartFile(named: archive, in: namespace),
            let digest = isProvenance ? file.provenance : file.archive,
            let blob = try hereBlob(digest, in: file.repository)
        else { return nil }
        return FoundChartFile(digest: digest, blob: .whole(blob))
    }

    private func fetchFile(
        _ archive: String, _ isProvenance: Bool, in namespace: ChartNamespace, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> FoundChartFile {
        if try await match.upstream.kind() == .registry {
            return try await fetchFromRegistry(archive, isProvenance, in: namespace, match)
        }
        let chart = try await listed(in: namespace, match) { () throws(ContentError) in
            try self.store.upstreamChart(named: archive, in: namespace)
        }
        guard let chart else {
            throw .manifestUnknown(
                "there is no chart \(OCIParseError.quote(archive)) in \(namespace), and \(match.upstream.name) lists none"
            )
        }
        guard allows(chart: chart.key.name, in: namespace) else { throw notAllowed(archive, match) }
        if isProvenance {
            try await wholeChart(chart, in: namespace, match)
            guard let found = try hereFile(archive, true, in: namespace) else {
                throw .blobUnknown("chart \(OCIParseError.quote(archive)) in \(namespace) has no provenance")
            }
            return found
        }
        let blob = try await awaited(.file(archive, namespace), match) { fill throws(ContentError) in
            try await self.fillChart(fill, chart, in: namespace, match)
        } stored: { () throws(ContentError) in
            guard case .whole(let blob)? = try self.hereFile(archive, false, in: namespace)?.blob else {
                throw .unavailable("\(archive) was fetched, but it is another chart than the index says")
            }
            return blob
        }
        return FoundChartFile(digest: chart.archive, blob: blob)
    }
}

extension ContentError {
    /// Whether the other side will not say: many registries answer so for what does not exist.
    var isRefusal: Bool {
        switch self {
        case .unauthorized, .denied: true
        default: false
        }
    }
}

/// What the name of an archive may stand for.
enum FileNames {
    /// Names and versions, the longest name first that leaves a version.
    static func candidates(_ file: String) -> [(name: String, version: String)] {
        guard file.hasSuffix(".tgz") else { return [] }
        let bare = file.utf8.dropLast(4)
        var found: [(String, String)] = []
        for place in bare.indices where bare[place] == UInt8(ascii: "-") {
            let name = String(decoding: bare[..<place], as: UTF8.self)
            let version = String(decoding: bare[bare.index(after: place)...], as: UTF8.self)
            guard !name.isEmpty, (try? SemanticVersion(lenient: version)) != nil else { continue }
            found.append((name, version))
        }
        return Array(found.prefix(8))
    }
}
