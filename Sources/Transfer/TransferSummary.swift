public import OCIModel

/// What a copy did.
public struct TransferSummary: Sendable, Equatable {
    /// The manifest that the tags name now.
    public var digest: Digest
    /// The manifest that was named at the source: the index, where one image was taken out of it; nil for what was made
    /// here.
    public var source: Digest?
    /// Manifests put.
    public var manifests: Int64 = 0
    /// Blobs sent.
    public var blobs: Int64 = 0
    /// Bytes of them that were sent.
    public var bytes: Int64 = 0
    /// Blobs mounted.
    public var mounted: Int64 = 0
    /// Layers left where their URLs say, because they may not be distributed.
    public var foreign: Int64 = 0
    /// Referrers copied, with theirs.
    public var referrers: Int64 = 0
    /// Whether the root manifest was there before, so that only tags were set.
    public var wasThere = false

    /// Nothing moved yet.
    public init(digest: Digest) {
        self.digest = digest
    }
}

/// One thing to copy.
public struct TransferRequest: Sendable, Equatable {
    /// The manifest at the source; a tag is asked for once, when the copy begins.
    public var reference: ManifestReference
    /// What the source must give, or it is an error of the source; nil for whatever it gives.
    public var expected: Digest?
    /// The repository at the source.
    public var source: RepositoryName
    /// The repository at the destination.
    public var destination: RepositoryName
    /// Tags to set at the destination, last of all.
    public var tags: [Tag]
    /// Whether the destination's repository is known to hold nothing, so that nobody is asked what is there.
    public var isNew = false
    /// Of an image index only the images of these platforms; empty for all.
    ///
    /// One platform alone: its image is what the tags name. Several: the index stays as it is, and the others are left
    /// out (a sparse index).
    public var platforms: [Platform] = []
    /// Which referrers of each manifest are copied with it; nil for none.
    public var referrers: ReferrerFilter?

    /// Builds a request.
    public init(
        _ reference: ManifestReference, expected: Digest? = nil, from source: RepositoryName,
        to destination: RepositoryName, tags: [Tag]
    ) {
        self.reference = reference
        self.expected = expected
        self.source = source
        self.destination = destination
        self.tags = tags
    }
}

/// Which referrers are wanted, by artifact type.
public struct ReferrerFilter: Sendable, Hashable {
    /// Only these types, `*` for any part of one; empty for all.
    public var include: [String] = []
    /// Not these.
    public var exclude: [String] = []

    /// All of them.
    public init() {}
}

/// A platform as images name it: `os/architecture[/variant]`.
public struct Platform: Sendable, Hashable, CustomStringConvertible {
    /// `linux`.
    public var os: String
    /// `amd64`.
    public var architecture: String
    /// `v7`; nil for any.
    public var variant: String?

    /// Reads `os/architecture[/variant]`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        os = parts[0]
        architecture = parts[1]
        variant = parts.count == 3 ? parts[2] : nil
    }

    /// As it is written.
    public var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}
