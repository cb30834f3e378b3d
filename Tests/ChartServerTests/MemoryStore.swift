import Content
import Glibc
import HelmModel
import OCIModel
import Synchronization
import TestSupport

/// A store of charts in memory, in which an archive is a line of text: `name version [more]`.
final class MemoryStore: Sendable {
    struct Version {
        var entry: ChartEntry
        var file: ChartFile
    }

    struct State {
        var versions: [ChartNamespace: [Version]] = [:]
        var blobs: [Digest: [UInt8]] = [:]
        var revision: Int64 = 0
        var openUploads = 0
        var abandoned = 0
    }

    private let state = Mutex(State())

    /// How many uploads are neither finished nor abandoned.
    var openUploads: Int { state.withLock { $0.openUploads } }
    var abandoned: Int { state.withLock { $0.abandoned } }

    func locked<Value: Sendable>(
        _ body: (inout State) throws(ContentError) -> Value
    ) throws(ContentError) -> Value {
        let result = state.withLock { state -> Result<Value, ContentError> in
            do throws(ContentError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    static func key(_ name: String, _ version: String) throws(ContentError) -> ChartVersionKey {
        guard let order = SemanticVersion.listingOrder(ofVersion: version) else {
            throw .chartInvalid("version \(version) is none")
        }
        return ChartVersionKey(name: name, order: order)
    }

    /// Stores an archive; the one function that writes.
    @discardableResult
    func store(
        _ bytes: [UInt8], provenance: [UInt8]? = nil, replacing: Bool = false,
        in namespace: ChartNamespace
    ) throws(ContentError) -> StoredChart {
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(
            String.init)
        guard words.count >= 2 else { throw .chartInvalid("the archive is not gzip") }
        let (name, version) = (words[0], words[1])
        let key = try MemoryStore.key(name, version)
        let repository = try namespace.repository(forChart: name)
        let archive = Digest(of: bytes)
        let json =
            #"{"name":"\#(name)","version":"\#(version)","urls":["charts/\#(name)-\#(version).tgz"],"#
            + #""created":"2024-01-02T03:04:05Z","digest":"\#(archive.hex)"}"#
        let tag: Tag
        do { tag = try Tag(parsing: version.replacing("+", with: "_")) } catch {
            throw .chartInvalid("\(error)")
        }
        let added = Version(
            entry: ChartEntry(
                key: key, version: version, archive: archive, isDeprecated: false, json: Array(json.utf8)),
            file: ChartFile(
                repository: repository, tag: tag, manifest: archive, archive: archive,
                provenance: provenance.map { Digest(of: $0) }))
        return try locked { state throws(ContentError) in
            var versions = state.versions[namespace] ?? []
            if let known = versions.firstIndex(where: { $0.entry.key == key }) {
                guard replacing else {
                    throw .conflict("chart \(name) \(version) exists already; add ?force")
                }
                versions.remove(at: known)
            }
            versions.append(added)
            versions.sort { $0.entry.key < $1.entry.key }
            state.versions[namespace] = versions
            state.blobs[archive] = bytes
            if let provenance { state.blobs[Digest(of: provenance)] = provenance }
            state.revision += 1
            return StoredChart(
                repository: repository, tag: tag, manifest: archive, name: name, version: version,
                warnings: version.hasPrefix("v") ? ["the version begins with v"] : [])
        }
    }

    func changeUploads(_ change: @Sendable (inout State) -> Void) { state.withLock { change(&$0) } }
}

extension MemoryStore: ChartIntake {
    func openChart(in namespace: ChartNamespace) async throws(ContentError) -> any ChartUpload {
        changeUploads { $0.openUploads += 1 }
        return MemoryUpload(self, namespace)
    }

    func addProvenance(
        _ bytes: [UInt8], in namespace: ChartNamespace, replacing: Bool
    ) async throws(ContentError) -> StoredChart {
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.first == "vouches", words.count > 1 else {
            throw .chartInvalid("this is no provenance")
        }
        let archive = Array(words.dropFirst().joined(separator: " ").utf8)
        guard try locked({ $0.blobs[Digest(of: archive)] }) != nil else {
            throw .manifestUnknown("it vouches for no chart here")
        }
        return try store(archive, provenance: bytes, replacing: true, in: namespace)
    }

    func removeChart(_ name: String, version: String, in namespace: ChartNamespace)
        async throws(ContentError)
    {
        let isGone = try locked { state throws(ContentError) in
            let count = state.versions[namespace]?.count
            state.versions[namespace]?.removeAll {
                $0.entry.key.name == name && $0.entry.version == version
            }
            return state.versions[namespace]?.count != count
        }
        guard isGone else { throw .manifestUnknown("there is no chart \(name) \(version)") }
    }
}

private final class MemoryUpload: ChartUpload {
    private let store: MemoryStore
    private let namespace: ChartNamespace
    private let bytes = Mutex<[UInt8]>([])

    init(_ store: MemoryStore, _ namespace: ChartNamespace) {
        self.store = store
        self.namespace = namespace
    }

    func append(_ more: [UInt8]) async throws(ContentError) { bytes.withLock { $0 += more } }

    func finish(provenance: [UInt8]?, replacing: Bool) async throws(ContentError) -> StoredChart {
        store.changeUploads { $0.openUploads -= 1 }
        return try store.store(
            bytes.withLock { $0 }, provenance: provenance, replacing: replacing, in: namespace)
    }

    func abandon() async {
        store.changeUploads { state in
            state.openUploads -= 1
            state.abandoned += 1
        }
    }
}

extension MemoryStore: ChartReads {
    func withSnapshot<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        try body()
    }

    func chartRepository(_ namespace: ChartNamespace) throws(ContentError) -> ChartRepositoryState? {
        try locked { state throws(ContentError) in
            state.versions[namespace].map { versions in
                ChartRepositoryState(
                    namespace: namespace, revision: state.revision,
                    chartCount: Int64(Set(versions.map(\.entry.key.name)).count),
                    versionCount: Int64(versions.count))
            }
        }
    }

    func forEachEntry(
        in namespace: ChartNamespace, from first: ChartVersionKey?, before end: ChartVersionKey?,
        _ body: (ChartEntry) -> Bool
    ) throws(ContentError) {
        let entries = try locked { $0.versions[namespace]?.map(\.entry) ?? [] }
        for entry in entries {
            if let first, entry.key < first { continue }
            if let end, !(entry.key < end) { return }
            guard body(entry) else { return }
        }
    }

    func changedEntries(in: ChartNamespace, since: Int64) throws(ContentError) -> [ChartVersionKey]? {
        nil
    }

    func chartNames(in namespace: ChartNamespace, _ page: PageRequest<String>) throws(ContentError)
        -> Page<String>
    {
        let names = try locked { Set($0.versions[namespace]?.map(\.entry.key.name) ?? []) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .filter { name in page.last.map { $0.utf8.lexicographicallyPrecedes(name.utf8) } ?? true }
        return Page(elements: Array(names.prefix(page.limit)), hasMore: names.count > page.limit)
    }

    func chartFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError)
        -> ChartFile?
    {
        try locked { state throws(ContentError) in
            state.versions[namespace]?.first {
                "\($0.entry.key.name)-\($0.entry.version).tgz" == fileName
            }?.file
        }
    }

    func chartFile(of chart: String, version: String, in namespace: ChartNamespace)
        throws(ContentError) -> ChartFile?
    {
        try chartFile(named: "\(chart)-\(version).tgz", in: namespace)
    }

    func chartProblem(of manifest: Digest, in repository: RepositoryName) throws(ContentError)
        -> String?
    { nil }
}

extension MemoryStore: LocalReads {
    func findManifest(
        _ reference: ManifestReference, in repository: RepositoryName
    ) throws(ContentError) -> StoredManifest { throw .manifestUnknown("there are no manifests") }

    func findBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError)
        -> any OpenBlob
    {
        guard let bytes = try locked({ $0.blobs[digest] }) else {
            throw .blobUnknown("blob \(digest) is not here")
        }
        return MemoryBlob(bytes)
    }

    func tagPage(in: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<Tag> {
        Page(elements: [], hasMore: false)
    }

    func repositoryPage(_ page: PageRequest<String>) throws(ContentError) -> Page<RepositoryName> {
        Page(elements: [], hasMore: false)
    }

    func referrerPage(
        of subject: Digest, in repository: RepositoryName, artifactType: String?,
        _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor> { Page(elements: [], hasMore: false) }
}

/// Bytes behind a descriptor, as a store's blobs are.
private final class MemoryBlob: OpenBlob {
    let size: Int64
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        size = Int64(bytes.count)
    }

    func takeDescriptor() -> Int32 {
        guard let file = tmpfile() else { return -1 }
        defer { fclose(file) }
        fwrite(bytes, 1, bytes.count, file)
        fflush(file)
        return dup(fileno(file))
    }

    func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
        Array(bytes.dropFirst(Int(offset)).prefix(maximumBytes))
    }
}
