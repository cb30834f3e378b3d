internal import Content
internal import OCIModel

/// `index.json`, read: what each repository's tags name, and everything else as it was found.
struct LayoutIndex {
    static let nameKey = "org.opencontainers.image.ref.name"
    /// The repository of an entry without a tag; an entry of others has none.
    static let repositoryKey = "chartroom.repository"

    /// A line of `manifests`.
    struct Entry {
        let json: JSONValue
        let descriptor: Descriptor
    }

    /// A change of what it says.
    enum Change: Sendable {
        case put(Descriptor, RepositoryName, [Tag])
        case removeTag(RepositoryName, Tag)
        case removeManifest(RepositoryName, Digest)
    }

    private(set) var tags: [RepositoryName: [Tag: Entry]] = [:]
    private(set) var untagged: [RepositoryName: [Digest: Entry]] = [:]
    /// Entries whose names mean nothing here: kept, not shown.
    private var foreign: [JSONValue] = []
    /// Members of the index besides its manifests.
    private var members: [(String, JSONValue)] = [
        ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
    ]
    /// How many entries name a manifest.
    private var uses: [Digest: Int] = [:]

    /// One of a layout that holds nothing.
    init() {}

    /// Reads the text; a bare tag, or no name, is the `fallback` repository's.
    ///
    /// - Throws: `OCIParseError`.
    init(parsing text: [UInt8], fallback: RepositoryName) throws(OCIParseError) {
        let tree = try JSONValue(parsing: text)
        guard let found = tree.members, let manifests = tree["manifests"]?.array else {
            throw OCIParseError("index.json must be an object with manifests")
        }
        members = found.filter { $0.0 != "manifests" }
        for (position, json) in manifests.enumerated() {
            let descriptor = try Descriptor(json: json, at: "manifests[\(position)]")
            add(Entry(json: json, descriptor: descriptor), fallback)
        }
    }

    private mutating func add(_ entry: Entry, _ fallback: RepositoryName) {
        let annotations = entry.descriptor.annotations
        guard let name = annotations[LayoutIndex.nameKey] else {
            let named = annotations[LayoutIndex.repositoryKey].flatMap { try? RepositoryName(parsing: $0) }
            setUntagged(entry, in: named ?? fallback)
            return
        }
        if let tag = try? Tag(parsing: name) {
            setTag(tag, entry, in: fallback)
        } else if let colon = name.lastIndex(of: ":"),
            let repository = try? RepositoryName(parsing: String(name[..<colon])),
            let tag = try? Tag(parsing: String(name[name.index(after: colon)...]))
        {
            setTag(tag, entry, in: repository)
        } else {
            foreign.append(entry.json)
        }
    }

    // MARK: Questions

    func isKnown(_ repository: RepositoryName) -> Bool {
        tags[repository] != nil || untagged[repository] != nil
    }

    /// The repositories, sorted by bytes.
    var repositories: [RepositoryName] {
        Set(tags.keys).union(untagged.keys).sorted { $0.description < $1.description }
    }

    /// Whether an entry of any repository names the manifest.
    func names(_ manifest: Digest) -> Bool { uses[manifest] != nil }

    /// Every manifest that an entry names, each once.
    var manifests: [Digest: Descriptor] {
        var all: [Digest: Descriptor] = [:]
        for entries in tags.values { for entry in entries.values { all[entry.descriptor.digest] = entry.descriptor } }
        for entries in untagged.values { for (digest, entry) in entries { all[digest] = entry.descriptor } }
        return all
    }

    // MARK: Changes

    /// - Throws: `.manifestUnknown` when there is nothing to remove.
    mutating func apply(_ change: Change) throws(ContentError) {
        switch change {
        case .put(let descriptor, let repository, let names): put(descriptor, repository, names)
        case .removeTag(let repository, let tag):
            guard removeTag(tag, in: repository) else {
                throw .manifestUnknown("tag \(repository):\(tag) is not in the layout")
            }
        case .removeManifest(let repository, let digest):
            let mine = (tags[repository] ?? [:]).filter { $0.value.descriptor.digest == digest }.keys
            for tag in mine { removeTag(tag, in: repository) }
            guard removeUntagged(digest, in: repository) || !mine.isEmpty else {
                throw .manifestUnknown("manifest \(repository)@\(digest) is not in the layout's index")
            }
        }
    }

    private mutating func put(_ descriptor: Descriptor, _ repository: RepositoryName, _ names: [Tag]) {
        var plain = descriptor
        plain.annotations = [:]
        if names.isEmpty {
            let isTagged = (tags[repository] ?? [:]).values.contains { $0.descriptor.digest == descriptor.digest }
            if isTagged { return }
            plain.annotations[LayoutIndex.repositoryKey] = repository.description
            setUntagged(Entry(json: plain.json, descriptor: plain), in: repository)
        }
        for tag in names {
            plain.annotations = [LayoutIndex.nameKey: "\(repository):\(tag)"]
            setTag(tag, Entry(json: plain.json, descriptor: plain), in: repository)
        }
        if !names.isEmpty { removeUntagged(descriptor.digest, in: repository) }
    }

    private mutating func setTag(_ tag: Tag, _ entry: Entry, in repository: RepositoryName) {
        let old = tags[repository, default: [:]].updateValue(entry, forKey: tag)
        count(entry.descriptor.digest, 1)
        if let old { count(old.descriptor.digest, -1) }
    }

    private mutating func setUntagged(_ entry: Entry, in repository: RepositoryName) {
        let old = untagged[repository, default: [:]].updateValue(entry, forKey: entry.descriptor.digest)
        if old == nil { count(entry.descriptor.digest, 1) }
    }

    @discardableResult
    private mutating func removeTag(_ tag: Tag, in repository: RepositoryName) -> Bool {
        guard let old = tags[repository]?.removeValue(forKey: tag) else { return false }
        if tags[repository]?.isEmpty == true { tags[repository] = nil }
        count(old.descriptor.digest, -1)
        return true
    }

    @discardableResult
    private mutating func removeUntagged(_ digest: Digest, in repository: RepositoryName) -> Bool {
        guard untagged[repository]?.removeValue(forKey: digest) != nil else { return false }
        if untagged[repository]?.isEmpty == true { untagged[repository] = nil }
        count(digest, -1)
        return true
    }

    private mutating func count(_ digest: Digest, _ change: Int) {
        let count = uses[digest, default: 0] + change
        uses[digest] = count > 0 ? count : nil
    }

    // MARK: Text

    /// The text: entries sorted by repository, then by tag, those without one behind.
    var text: [UInt8] {
        var all: [JSONValue] = []
        for repository in repositories {
            let named = (tags[repository] ?? [:]).sorted { $0.key.description < $1.key.description }
            let bare = (untagged[repository] ?? [:]).sorted { $0.key < $1.key }
            all += named.map(\.value.json) + bare.map(\.value.json)
        }
        return JSONValue.object(members + [("manifests", .array(all + foreign))]).text(.compact)
    }
}
