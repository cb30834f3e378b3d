/// What a manifest or index says, as far as a registry must know it.
///
/// The bytes stay the truth; this is read off them.
///
/// Source: image-spec v1.1.1 `manifest.md` and `image-index.md`; Docker's schema 2 has the same shape.
public struct Manifest: Sendable, Equatable {
    /// The type: the one it was pushed with.
    public var mediaType: MediaType
    /// The config's descriptor; nil for indexes and unknown types.
    public var config: Descriptor?
    /// Layers of an image manifest, `blobs` of an artifact manifest; empty for an index.
    public var layers: [Descriptor]
    /// The manifests an index lists.
    public var manifests: [Descriptor]
    /// What this manifest refers to.
    public var subject: Descriptor?
    /// The declared artifact type.
    public var declaredArtifactType: String?
    /// The annotations; empty when absent.
    public var annotations: [String: String]

    /// The type the referrers API lists: the declared one, else the config's media type.
    ///
    /// Source: distribution-spec v1.1.1, section Listing Referrers.
    public var artifactType: String? {
        if let declaredArtifactType, !declaredArtifactType.isEmpty { return declaredArtifactType }
        return config?.mediaType.description
    }

    /// The content this manifest cannot be served without, subject excluded.
    public var references: [Descriptor] { (config.map { [$0] } ?? []) + layers + manifests }

    /// The size of an image: its config and layers, in bytes; saturating.
    public var contentSize: Int64 {
        ((config.map { [$0] } ?? []) + layers).reduce(0) { sum, descriptor in
            let (total, overflow) = sum.addingReportingOverflow(descriptor.size)
            return overflow ? .max : total
        }
    }

    /// Whether it is a Helm chart, by its config.
    public var isHelmChart: Bool { config?.mediaType == .helmConfig }
}

extension Manifest {
    /// The most descriptors one manifest may hold; bounds the rows one push can cost.
    public static let maximumReferences = 10_000

    /// Reads a manifest that was sent as `contentType`.
    ///
    /// Any manifest is a JSON object. One of a type Chartroom does not know is read by its shape and stored as given.
    /// Of members that appear twice the last counts, as for Go's decoder; annotations that are not all strings are
    /// left out.
    /// - Throws: `OCIParseError` with one sentence: what is wrong where.
    public init(parsing bytes: [UInt8], contentType: MediaType) throws(OCIParseError) {
        let tree = try JSONValue(parsing: bytes)
        guard tree.members != nil else { throw OCIParseError("a manifest must be a JSON object") }
        if let declared = tree["mediaType"] {
            guard let text = declared.string, try MediaType(parsing: text) == contentType else {
                throw OCIParseError("the manifest's mediaType is not its Content-Type \(contentType)")
            }
        }
        if contentType.isManifest, contentType != .ociArtifactManifest {
            guard tree["schemaVersion"]?.integer == 2 else { throw OCIParseError("schemaVersion must be 2") }
        }
        mediaType = contentType
        config = try Manifest.optional(tree["config"]).map { value throws(OCIParseError) in
            try Descriptor(json: value, at: "config")
        }
        layers = try Manifest.list(tree, "layers") + Manifest.list(tree, "blobs")
        manifests = try Manifest.list(tree, "manifests")
        subject = try Manifest.optional(tree["subject"]).map { value throws(OCIParseError) in
            try Descriptor(json: value, at: "subject")
        }
        declaredArtifactType = tree["artifactType"]?.string
        annotations = tree["annotations"]?.stringMap ?? [:]
        try checkShape(hasLayers: tree["layers"] != nil, hasManifests: tree["manifests"] != nil)
        guard references.count <= Manifest.maximumReferences else {
            throw OCIParseError(
                "the manifest names \(references.count) blobs, \(Manifest.maximumReferences) is the most")
        }
    }

    /// An image manifest must not pass for an index or the other way round: clients would read different things.
    private func checkShape(hasLayers: Bool, hasManifests: Bool) throws(OCIParseError) {
        if mediaType == .ociManifest || mediaType == .dockerManifest {
            guard config != nil else { throw OCIParseError("an image manifest needs a config") }
            guard hasLayers else { throw OCIParseError("an image manifest needs layers") }
            guard !hasManifests else { throw OCIParseError("an image manifest must not list manifests") }
        }
        if mediaType.isIndex {
            guard hasManifests else { throw OCIParseError("an image index needs manifests") }
            guard !hasLayers, config == nil else {
                throw OCIParseError("an image index must not have a config or layers")
            }
        }
    }

    private static func optional(_ value: JSONValue?) -> JSONValue? {
        value == .null ? nil : value
    }

    private static func list(_ tree: JSONValue, _ name: String) throws(OCIParseError) -> [Descriptor] {
        guard let value = optional(tree[name]) else { return [] }
        guard let elements = value.array else { throw OCIParseError("\(name) must be an array") }
        var descriptors: [Descriptor] = []
        descriptors.reserveCapacity(min(elements.count, maximumReferences))
        for (position, element) in elements.enumerated() {
            descriptors.append(try Descriptor(json: element, at: "\(name)[\(position)]"))
        }
        return descriptors
    }
}

extension Descriptor {
    /// Reads a descriptor object.
    ///
    /// - Throws: `OCIParseError` that begins with `place`.
    public init(json: JSONValue, at place: String) throws(OCIParseError) {
        guard json.members != nil else { throw OCIParseError("\(place) must be an object") }
        guard let mediaType = json["mediaType"]?.string else { throw OCIParseError("\(place) has no mediaType") }
        guard let digest = json["digest"]?.string else { throw OCIParseError("\(place) has no digest") }
        guard let size = json["size"]?.integer, size >= 0 else {
            throw OCIParseError("\(place) has no size of 0 or more")
        }
        do {
            self.init(
                mediaType: try MediaType(parsing: mediaType), digest: try Digest(parsing: digest), size: size,
                artifactType: json["artifactType"]?.string, annotations: json["annotations"]?.stringMap ?? [:])
        } catch {
            throw OCIParseError("\(place): \(error.description)")
        }
    }
}
