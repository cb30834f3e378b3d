/// What a piece of content is: type, address, size (image-spec v1.1.1 `descriptor.md`).
public struct Descriptor: Hashable, Sendable {
    /// The content's media type.
    public var mediaType: MediaType
    /// The content's address.
    public var digest: Digest
    /// The content's size in bytes, never negative.
    public var size: Int64
    /// What kind of artifact a manifest is; from the referrers API and indexes.
    public var artifactType: String?
    /// Annotations; empty when absent.
    public var annotations: [String: String]

    /// Builds a descriptor.
    public init(
        mediaType: MediaType, digest: Digest, size: Int64, artifactType: String? = nil,
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.artifactType = artifactType
        self.annotations = annotations
    }

    /// The JSON object, fields in the specification's order, annotations sorted by key.
    public var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("mediaType", .string(mediaType.description)), ("digest", .string(digest.description)),
            ("size", .integer(size)),
        ]
        if !annotations.isEmpty { members.append(("annotations", JSONValue(sorted: annotations))) }
        if let artifactType { members.append(("artifactType", .string(artifactType))) }
        return .object(members)
    }
}
