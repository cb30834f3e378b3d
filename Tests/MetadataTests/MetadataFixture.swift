import Content
import Metadata
import OCIModel
import SQLite
import TestSupport
import Testing

/// A metadata file of the test's own with its writer and one reader, and a clock that goes by ones.
final class MetadataFixture {
    let scratch: ScratchDirectory
    let writer: MetadataWriter
    let reader: MetadataReader
    private(set) var now: Int64 = 1000

    var path: String { scratch.path + "/db" }

    init() throws {
        scratch = try (try? ScratchDirectory(below: "/dev/shm")) ?? ScratchDirectory()
        writer = try MetadataWriter(path: scratch.path + "/db")
        reader = try MetadataReader(path: scratch.path + "/db")
    }

    /// Runs one step in a transaction of its own; a step that throws leaves the transaction to be committed.
    @discardableResult
    func step<Value>(_ body: (MetadataWriter) throws(ContentError) -> Value) throws(ContentError) -> Value {
        now += 1
        try writer.begin()
        let value: Value
        do throws(ContentError) {
            value = try writer.step { () throws(ContentError) in try body(writer) }
        } catch {
            try writer.commit()
            throw error
        }
        try writer.commit()
        return value
    }

    /// Links bytes into a repository; true when they are new to the store.
    @discardableResult
    func link(_ bytes: [UInt8], _ repository: RepositoryName, slot: String? = nil) throws(ContentError) -> Bool {
        let digest = Digest(of: bytes)
        return try step { writer throws(ContentError) in
            try writer.linkBlob(
                digest, size: Int64(bytes.count), slot: slot ?? "slot-\(digest.hex.prefix(12))", in: repository, at: now
            )
        }
    }

    func put(
        _ stored: StoredManifest, _ repository: RepositoryName, tags: [String] = [], sparse: Bool = false
    ) throws {
        let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        let tags = try tags.map { try Tag(parsing: $0) }
        try step { writer throws(ContentError) in
            try writer.putManifest(
                stored, manifest, tags: tags, in: repository, allowsMissingManifests: sparse, at: now)
        }
    }

    /// Links a chart's blobs and puts its manifest.
    @discardableResult
    func push(_ chart: SampleChart, _ repository: RepositoryName, tags: [String] = []) throws -> Digest {
        try link(chart.config, repository)
        try link(chart.archive, repository)
        try put(chart.manifest, repository, tags: tags)
        return chart.manifest.digest
    }

    func delete(_ reference: ManifestReference, _ repository: RepositoryName) throws(ContentError) {
        try step { writer throws(ContentError) in try writer.deleteManifest(reference, in: repository, at: now) }
    }

    func deleteTag(_ tag: String, _ repository: RepositoryName) throws {
        try delete(.tag(try Tag(parsing: tag)), repository)
    }

    func unlink(_ bytes: [UInt8], _ repository: RepositoryName) throws(ContentError) -> Bool {
        try step { writer throws(ContentError) in try writer.unlinkBlob(Digest(of: bytes), in: repository) }
    }

    /// Switches locks off, or on again.
    func lock(
        _ locks: AttributeLocks, of reference: ManifestReference? = nil, _ repository: RepositoryName, on: Bool = false
    ) throws(ContentError) {
        let change = on ? AttributeChange(enable: locks) : AttributeChange(disable: locks)
        try step { writer throws(ContentError) in
            try writer.changeAttributes(change, of: reference, in: repository)
        }
    }
}

func name(_ text: String) throws -> RepositoryName { try RepositoryName(parsing: text) }
func tag(_ text: String) throws -> ManifestReference { .tag(try Tag(parsing: text)) }

/// What kind of error it is, whatever it says.
func kind(_ error: ContentError?) -> String {
    switch error {
    case .blobUnknown: "blobUnknown"
    case .manifestUnknown: "manifestUnknown"
    case .nameUnknown: "nameUnknown"
    case .referencesMissing: "referencesMissing"
    case .denied: "denied"
    case .unsupported: "unsupported"
    case .storageFull: "storageFull"
    case .conflict: "conflict"
    case .parameterInvalid: "parameterInvalid"
    case .tooLarge: "tooLarge"
    case .corrupt: "corrupt"
    case .internal: "internal"
    case nil: "none"
    default: "other"
    }
}

/// The kind of error that work throws.
func failure(_ work: () throws -> Void) -> String {
    do {
        try work()
        return "none"
    } catch {
        return kind(error as? ContentError)
    }
}
