internal import Content
internal import HelmModel
internal import OCIModel
internal import PullThrough

/// A place's lists of tags, asked for conditionally where the last one is remembered.
struct TagMemory: Sendable {
    let desk: LedgerDesk
    let place: String

    func tags(
        of repository: RepositoryName, _ source: any TransferSource
    ) async throws(ContentError) -> [ListedTag] {
        let (place, key) = (place, "tags " + repository.description)
        let known = await desk.listing(of: place, key)
        let remembered = known.flatMap { TagMemory.decode($0.body) }
        let answer = try await source.listTags(
            in: repository, unless: remembered == nil ? nil : known?.entityTag)
        switch answer {
        case .same:
            if let remembered { return remembered }
            throw .unavailable("\(place) says that the tags of \(repository) are as they were, which nobody asked")
        case .tags(let tags, let entityTag):
            // What cannot be asked for conditionally need not be kept.
            if entityTag != nil || known != nil {
                let listing = RememberedListing(entityTag: entityTag, body: TagMemory.encode(tags))
                await desk.keep(listing, of: place, key)
            }
            return tags
        }
    }

    /// A line for each tag: tag, digest, time.
    private static func encode(_ tags: [ListedTag]) -> [UInt8] {
        var text = ""
        for tag in tags {
            text += "\(tag.tag)\t\(tag.digest?.description ?? "")\t\(tag.updatedAt.map { String($0) } ?? "")\n"
        }
        return Array(text.utf8)
    }

    private static func decode(_ body: [UInt8]) -> [ListedTag]? {
        var tags: [ListedTag] = []
        for line in body.split(separator: UInt8(ascii: "\n")) {
            let fields = ListingText.fields(line)
            guard fields.count == 3, let tag = try? Tag(parsing: fields[0]) else { return nil }
            tags.append(ListedTag(tag, digest: try? Digest(parsing: fields[1]), updatedAt: Int64(fields[2])))
        }
        return tags
    }
}

/// A classic repository's index, read anew only when it has changed.
struct IndexMemory: Sendable {
    /// A chart with its versions, the newest first.
    struct Chart: Sendable {
        var name: String
        var versions: [ListedVersion]
    }

    let desk: LedgerDesk
    let place: String
    private static let maximumBytes = 64 << 20

    func charts(of charts: any UpstreamCharts, now: Int64) async throws(ContentError) -> [Chart] {
        let place = place
        let known = await desk.listing(of: place, "index")
        let remembered = known.flatMap { IndexMemory.decode($0.body) }
        var state: UpstreamIndexState?
        if let known, remembered != nil {
            state = UpstreamIndexState(
                upstream: place, entityTag: known.entityTag, lastModified: known.lastModified, content: known.content,
                checkedAt: now, versionCount: 0)
        }
        switch try await charts.fetchListing(unless: state) {
        case .same:
            if let remembered { return remembered }
            throw .unavailable("\(place) says that its index is as it was, which nobody asked")
        case .other(let listed, let entityTag, let lastModified, let content):
            let found = listed.charts.map { chart in
                Chart(name: chart.name, versions: chart.versions.compactMap { IndexMemory.version($0) })
            }
            if let body = IndexMemory.encode(found) {
                let listing = RememberedListing(
                    entityTag: entityTag, lastModified: lastModified, content: content, body: body)
                await desk.keep(listing, of: place, "index")
            }
            return found
        }
    }

    /// A version as the listing has it; nil when its text gives no tag.
    private static func version(_ entry: ChartListing.Version) -> ListedVersion? {
        guard let tag = try? Tag(chartVersion: entry.version) else { return nil }
        return ListedVersion(
            text: entry.version, tag: tag, digest: entry.archive,
            createdAt: RFC3339.microseconds(parsing: entry.created), urls: entry.urls)
    }

    /// A line for each chart, a tab and a line for each version; nil for what does not fit that, or is too large.
    private static func encode(_ charts: [Chart]) -> [UInt8]? {
        var text: [UInt8] = []
        for chart in charts {
            guard ListingText.isPlain(chart.name) else { return nil }
            text += Array(chart.name.utf8) + [UInt8(ascii: "\n")]
            for version in chart.versions {
                let fields =
                    ["", version.text, version.digest?.description ?? "", version.createdAt.map { String($0) } ?? ""]
                    + version.urls
                guard fields.allSatisfy(ListingText.isPlain) else { return nil }
                text += Array(fields.joined(separator: "\t").utf8) + [UInt8(ascii: "\n")]
            }
            guard text.count <= maximumBytes else { return nil }
        }
        return text
    }

    private static func decode(_ body: [UInt8]) -> [Chart]? {
        var charts: [Chart] = []
        for line in body.split(separator: UInt8(ascii: "\n")) {
            guard line.first == UInt8(ascii: "\t") else {
                charts.append(Chart(name: String(decoding: line, as: UTF8.self), versions: []))
                continue
            }
            let fields = ListingText.fields(line.dropFirst())
            guard fields.count >= 3, !charts.isEmpty, let tag = try? Tag(chartVersion: fields[0]) else { return nil }
            charts[charts.count - 1].versions.append(
                ListedVersion(
                    text: fields[0], tag: tag, digest: try? Digest(parsing: fields[1]), createdAt: Int64(fields[2]),
                    urls: Array(fields.dropFirst(3))))
        }
        return charts
    }
}

/// Lines of fields between tabs.
enum ListingText {
    static func fields(_ line: ArraySlice<UInt8>) -> [String] {
        line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether a text can be a field.
    static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 } }
}

extension RepositoryIndexEntry {
    /// An entry of a version that a listing was kept of; nil when it says too little.
    init?(_ version: ListedVersion, of chart: String) {
        var members: [(String, JSONValue)] = [
            ("apiVersion", .string("v2")), ("name", .string(chart)), ("version", .string(version.text)),
            ("urls", .array(version.urls.map { .string($0) })),
        ]
        if let digest = version.digest { members.append(("digest", .string(digest.hex))) }
        do throws(HelmParseError) {
            try self.init(tree: .object(members))
        } catch {
            return nil
        }
    }
}
