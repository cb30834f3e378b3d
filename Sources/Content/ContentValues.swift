public import OCIModel

/// A manifest as stored: its bytes and what they are.
public struct StoredManifest: Sendable, Equatable {
    /// The address of `bytes`.
    public var digest: Digest
    /// The type it was pushed with.
    public var mediaType: MediaType
    /// The bytes exactly as pushed.
    public var bytes: [UInt8]

    /// Builds a stored manifest.
    public init(digest: Digest, mediaType: MediaType, bytes: [UInt8]) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
    }
}

/// A page of a sorted listing.
public struct Page<Element: Sendable>: Sendable {
    /// The elements, in the listing's order.
    public var elements: [Element]
    /// Whether more follow the last element.
    public var hasMore: Bool

    /// Builds a page.
    public init(elements: [Element], hasMore: Bool) {
        self.elements = elements
        self.hasMore = hasMore
    }
}

extension Page: Equatable where Element: Equatable {}

/// What part of a listing to give: at most `limit` elements that come behind `last`.
public struct PageRequest<Key: Sendable>: Sendable {
    /// The most elements to give, 0 or more.
    public var limit: Int
    /// The element the page follows; nil for the first page.
    ///
    /// It need not exist.
    public var last: Key?

    /// Builds a request for a page.
    public init(limit: Int, last: Key? = nil) {
        self.limit = limit
        self.last = last
    }
}

/// The four attribute locks of a repository, manifest or tag: what is still allowed.
///
/// All are on at first.
///
/// Source: Azure Container Registry data plane 2021-07-01, `changeableAttributes`.
public struct AttributeLocks: OptionSet, Hashable, Sendable {
    /// The bits, as the metadata stores them.
    public let rawValue: Int64

    /// Takes stored bits.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// `deleteEnabled`: it may be deleted.
    public static let delete = AttributeLocks(rawValue: 1)
    /// `writeEnabled`: it may be overwritten, and a repository may be pushed to.
    public static let write = AttributeLocks(rawValue: 2)
    /// `listEnabled`: it is shown in listings.
    public static let list = AttributeLocks(rawValue: 4)
    /// `readEnabled`: it may be pulled.
    public static let read = AttributeLocks(rawValue: 8)
    /// Nothing is locked.
    public static let all: AttributeLocks = [.delete, .write, .list, .read]
}

/// A change of attribute locks: only what is set changes.
public struct AttributeChange: Sendable, Equatable {
    /// The locks to switch on (allowed).
    public var enable: AttributeLocks
    /// The locks to switch off (forbidden).
    public var disable: AttributeLocks

    /// Builds a change.
    public init(enable: AttributeLocks = [], disable: AttributeLocks = []) {
        self.enable = enable
        self.disable = disable
    }

    /// The locks after the change.
    public func applied(to locks: AttributeLocks) -> AttributeLocks {
        locks.union(enable).subtracting(disable)
    }
}

/// What is known of a repository.
public struct RepositoryAttributes: Sendable, Equatable {
    /// The repository.
    public var name: RepositoryName
    /// When its first content came, in microseconds since 1970.
    public var createdAt: Int64
    /// When a manifest or tag last changed, in microseconds since 1970.
    public var updatedAt: Int64
    /// How many manifests it holds.
    public var manifestCount: Int64
    /// How many tags it holds.
    public var tagCount: Int64
    /// Its locks.
    public var locks: AttributeLocks

    /// Builds the attributes.
    public init(
        name: RepositoryName, createdAt: Int64, updatedAt: Int64, manifestCount: Int64, tagCount: Int64,
        locks: AttributeLocks
    ) {
        self.name = name
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.manifestCount = manifestCount
        self.tagCount = tagCount
        self.locks = locks
    }
}

/// What is known of a tag.
public struct TagAttributes: Sendable, Equatable {
    /// The tag.
    public var name: Tag
    /// The manifest it names.
    public var digest: Digest
    /// When it was first made, in microseconds since 1970.
    public var createdAt: Int64
    /// When it last moved, in microseconds since 1970.
    public var updatedAt: Int64
    /// Its locks.
    public var locks: AttributeLocks
    /// The prefix of the upstream it was cached from; nil for one that was pushed.
    public var upstream: String?
    /// Since when the upstream does not have it any more, in microseconds since 1970; nil while it has.
    public var goneSince: Int64?

    /// Builds the attributes.
    public init(
        name: Tag, digest: Digest, createdAt: Int64, updatedAt: Int64, locks: AttributeLocks, upstream: String? = nil,
        goneSince: Int64? = nil
    ) {
        self.name = name
        self.digest = digest
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.locks = locks
        self.upstream = upstream
        self.goneSince = goneSince
    }
}

/// What is known of a manifest without its bytes.
public struct ManifestAttributes: Sendable, Equatable {
    /// Its address.
    public var digest: Digest
    /// Its type.
    public var mediaType: MediaType
    /// The type of its config, if it has one.
    public var configMediaType: String?
    /// The type the referrers API gives it.
    public var artifactType: String?
    /// The size of its config and layers together, in bytes.
    public var imageSize: Int64
    /// When it was first pushed here, in microseconds since 1970.
    public var createdAt: Int64
    /// When it or its tags last changed, in microseconds since 1970.
    public var updatedAt: Int64
    /// When it was last pulled, in microseconds since 1970; nil for never.
    ///
    /// Written in batches, seconds late.
    public var pulledAt: Int64?
    /// The tags that name it, sorted.
    public var tags: [Tag]
    /// Its locks.
    public var locks: AttributeLocks

    /// Builds the attributes.
    public init(
        digest: Digest, mediaType: MediaType, configMediaType: String?, artifactType: String?, imageSize: Int64,
        createdAt: Int64, updatedAt: Int64, pulledAt: Int64?, tags: [Tag], locks: AttributeLocks
    ) {
        self.digest = digest
        self.mediaType = mediaType
        self.configMediaType = configMediaType
        self.artifactType = artifactType
        self.imageSize = imageSize
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.pulledAt = pulledAt
        self.tags = tags
        self.locks = locks
    }
}
