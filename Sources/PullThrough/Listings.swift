internal import Content
internal import HelmModel
internal import OCIModel

extension Page {
    /// Two sorted lists as one page; what both have is taken from the store.
    init(
        merging listed: [Element], with own: Page<Element>, limit: Int, _ precedes: (Element, Element) -> Bool
    ) {
        var merged: [Element] = []
        var (left, right) = (listed[...], own.elements[...])
        while merged.count < limit, !left.isEmpty || !right.isEmpty {
            guard let first = left.first else {
                merged.append(right.removeFirst())
                continue
            }
            guard let second = right.first, !precedes(first, second) else {
                // What lies behind the last row of a full page belongs to the next one.
                if right.isEmpty, own.hasMore { break }
                merged.append(left.removeFirst())
                continue
            }
            if !precedes(second, first) { left.removeFirst() }
            merged.append(right.removeFirst())
        }
        self.init(elements: merged, hasMore: own.hasMore || !left.isEmpty || !right.isEmpty)
    }
}

/// The newest versions among tags: those whose age is worth knowing.
enum NewestTags {
    /// How many are looked at; older ones are taken for old enough.
    static let count = 50

    /// The newest by semantic version; tags that are none are left out.
    static func of(_ texts: [String]) -> [Tag] {
        var versions: [(tag: Tag, order: [UInt8])] = []
        for text in texts {
            guard let tag = try? Tag(parsing: text),
                let order = SemanticVersion.listingOrder(ofVersion: tag.chartVersion)
            else { continue }
            versions.append((tag, order))
        }
        versions.sort { $1.order.lexicographicallyPrecedes($0.order) }
        return versions.prefix(count).map(\.tag)
    }
}

extension Descriptor {
    /// Reads what a kept listing of referrers holds; nil for what is none.
    init?(listed text: String) {
        guard let tree = try? JSONValue(parsing: Array(text.utf8)),
            let found = try? Descriptor(json: tree, at: "referrer")
        else { return nil }
        self = found
    }
}
