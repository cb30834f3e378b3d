internal import ChartArchive
internal import Codecs
public import Content
public import HTTPClient
internal import HTTPMessage
internal import HelmModel
internal import OCIModel
internal import RemoteRegistry
internal import Synchronization

/// A ChartMuseum somewhere else, or what speaks its API, as a place for charts.
///
/// Its listing is the index of the classic repository at the same address: `ChartRepositoryClient`. The API is looked
/// for once: `https://host/a/b` may have it at `/api/a/b/charts` (many tenants; Chartroom itself), `/a/b/api/charts`
/// (a path of its own), or with `api` in between. Safe to share.
public final class ChartMuseumClient: ChartIntake {
    /// Where it is; nothing is sent to any other host.
    public let source: ChartRepositorySource
    let sender: RetryingSender
    let deadlines: HTTPDeadlines
    let timing: RetryTiming
    private let places = Mutex<[ChartNamespace: String]>([:])

    /// How many requests were sent, with repeated ones.
    public var requestCount: Int64 { sender.sent.count }

    /// Makes a client; sends nothing yet.
    ///
    /// Of the options, pauses, budgets, deadlines and repetitions count.
    public init(
        _ source: ChartRepositorySource, client: HTTPClient,
        _ options: ChartRepositoryClient.Options = ChartRepositoryClient.Options()
    ) {
        self.source = source
        sender = RetryingSender(
            client: client, policy: options.retry, timing: options.timing, budgets: options.budgets)
        deadlines = options.deadlines
        timing = options.timing
    }

    /// Opens an upload of an archive, which is kept in memory: 64 MiB at the most.
    public func openChart(in namespace: ChartNamespace) async throws(ContentError) -> any ChartUpload {
        MuseumUpload(self, namespace)
    }

    /// Refuses: ChartMuseum does not tell which chart it took provenance for.
    ///
    /// - Throws: `.unsupported`.
    public func addProvenance(_ bytes: [UInt8], in namespace: ChartNamespace, replacing: Bool)
        async throws(ContentError) -> StoredChart
    {
        throw .unsupported("provenance goes to \(source.name) together with its chart; send both")
    }

    /// Removes a version.
    ///
    /// - Throws: `.manifestUnknown` when it is not there, `.unsupported` when the server removes nothing, `.denied`.
    public func removeChart(_ name: String, version: String, in namespace: ChartNamespace) async throws(ContentError) {
        let asked = MuseumCall(subject: "chart \(AskedFile.printable(name)) \(AskedFile.printable(version))", self)
        let answer = try await asked.send(.delete, try await path(of: name, version, in: namespace))
        guard answer.status == 200 || answer.status == 202 || answer.status == 204 else { throw asked.failure(answer) }
    }

    // MARK: Places

    func path(of name: String, _ version: String, in namespace: ChartNamespace) async throws(ContentError) -> String {
        try await place(of: namespace) + "/charts/" + PercentEncoding.encodePathSegment(name) + "/"
            + PercentEncoding.encodePathSegment(version)
    }

    /// The path in front of `/charts` and `/prov`: found by asking, once for each namespace.
    func place(of namespace: ChartNamespace) async throws(ContentError) -> String {
        if let known = places.withLock({ $0[namespace] }) { return known }
        let asked = MuseumCall(subject: "the chart API", self)
        let elements =
            source.url.path.split(separator: "/").map(String.init)
            + namespace.description.split(separator: "/").map(String.init)
        for position in [0, elements.count] + Array(1..<max(1, elements.count)) {
            var path = elements
            path.insert("api", at: position)
            let place = "/" + path.joined(separator: "/")
            let answer = try await asked.send(.get, place + "/charts", query: "limit=1")
            // A server may answer every path with a page of its own.
            if answer.status == 200, (try? JSONValue(parsing: answer.body))?.members != nil {
                places.withLock { $0[namespace] = place }
                return place
            }
            guard [200, 301, 302, 307, 308, 400, 404, 405, 410].contains(answer.status) else {
                throw asked.failure(answer)
            }
            if elements.isEmpty { break }
        }
        throw .nameUnknown(
            "\(source.name) is no ChartMuseum: it has no chart API; check the address, and that its API is not disabled"
        )
    }
}

/// An archive on its way to a ChartMuseum; in memory until it is complete.
final class MuseumUpload: ChartUpload {
    private let client: ChartMuseumClient
    private let namespace: ChartNamespace
    private let bytes = Mutex<[UInt8]>([])

    init(_ client: ChartMuseumClient, _ namespace: ChartNamespace) {
        self.client = client
        self.namespace = namespace
    }

    func append(_ piece: [UInt8]) async throws(ContentError) {
        let isTaken = bytes.withLock { bytes in
            guard bytes.count + piece.count <= Int(ChartArchiveReader.maximumArchiveBytes) else { return false }
            bytes += piece
            return true
        }
        guard isTaken else {
            throw .tooLarge("a chart's archive may have \(ChartArchiveReader.maximumArchiveBytes) bytes at the most")
        }
    }

    func abandon() async { bytes.withLock { $0 = [] } }

    /// Sends the archive, with its provenance in one form.
    ///
    /// The same archive again is no conflict: a lost answer is asked for once more.
    func finish(provenance: [UInt8]?, replacing: Bool) async throws(ContentError) -> StoredChart {
        let archive = bytes.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        let (stored, digest) = try read(archive, provenance)
        let call = MuseumCall(
            subject: "chart \(AskedFile.printable(stored.name)) \(AskedFile.printable(stored.version))", client)
        let path = try await client.place(of: namespace) + "/charts"
        let query = replacing ? "force" : nil
        let answer: MuseumCall.Answer
        if let provenance {
            let form = MuseumForm([
                ("chart", "\(stored.name)-\(stored.version).tgz", archive),
                ("prov", "\(stored.name)-\(stored.version).tgz.prov", provenance),
            ])
            answer = try await call.send(.post, path, query: query, type: form.contentType, body: form.bytes)
        } else {
            answer = try await call.send(
                .post, path, query: query, type: "application/octet-stream", body: archive)
        }
        if answer.status == 200 || answer.status == 201 { return stored }
        guard answer.status == 409 else { throw call.failure(answer) }
        let isSame = try await listed(stored, call) == digest.hex
        if isSame, !replacing { return stored }
        throw .conflict(
            "\(call.described) is there already"
                + (replacing ? ", and the server replaces nothing; allow it to overwrite" : "; replace it, or leave it")
        )
    }

    /// The digest that the server lists of a version; nil when it lists none.
    private func listed(_ chart: StoredChart, _ call: MuseumCall) async throws(ContentError) -> String? {
        let path = try await client.path(of: chart.name, chart.version, in: namespace)
        let answer = try await call.send(.get, path)
        guard answer.status == 200 else { return nil }
        return (try? JSONValue(parsing: answer.body))?["digest"]?.string
    }

    /// What the archive is, and the manifest it has where charts are artifacts.
    private func read(_ archive: [UInt8], _ provenance: [UInt8]?) throws(ContentError) -> (StoredChart, Digest) {
        guard let digest = Digest(.sha256, hash: ContentHasher.hash(archive.span, .sha256)) else {
            throw .internal("a hash has its algorithm's length")
        }
        let chart: PackagedChart
        let tag: Tag
        do {
            chart = try ChartArchiveReader.read(archive)
            tag = try Tag(chartVersion: chart.metadata.version)
        } catch {
            throw .chartInvalid("the archive is no chart that can be stored: \(error)")
        }
        var layer: Descriptor?
        if let provenance {
            let isItsOwn = (try? ChartProvenance(parsing: provenance))?.names(digest) == true
            guard isItsOwn, let hash = Digest(.sha256, hash: ContentHasher.hash(provenance.span, .sha256)) else {
                throw .chartInvalid("the provenance does not vouch for this archive: sign it again")
            }
            layer = Descriptor(mediaType: .helmProvenance, digest: hash, size: Int64(provenance.count))
        }
        let artifact = ChartArtifact(
            chart: chart, archive: Descriptor(mediaType: .helmChart, digest: digest, size: Int64(archive.count)),
            provenance: layer)
        let stored = StoredChart(
            repository: try namespace.repository(forChart: chart.metadata.name), tag: tag,
            manifest: artifact.manifest, name: chart.metadata.name, version: chart.metadata.version,
            warnings: chart.metadata.warnings)
        return (stored, digest)
    }
}
