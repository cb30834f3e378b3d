internal import ChartInspection
internal import HelmModel
internal import OCIModel

/// Values for `helm install -f` that point the images of a chart at where they were brought.
///
/// Sets only keys that the chart's own values have; `tag` and `digest` stay, and so does `global.imageRegistry`.
public struct ValuesOverlay: Sendable, Equatable {
    /// YAML, keys sorted; `{}` when no key can be set.
    public let text: String
    /// Images that no values can move: those in lists, templates and annotations only.
    public let untouched: [Untouched]

    /// An image that stays where it is.
    public struct Untouched: Sendable, Equatable {
        /// Its reference.
        public let reference: String
        /// The places that name it.
        public let places: [String]
    }

    /// Makes the overlay of one chart from all its images.
    public init(_ images: [PlacedImage]) {
        var root = OverlayNode()
        var untouched: [Untouched] = []
        for placed in images {
            for source in placed.image.sources {
                if let key = source.key { root.set(key, placed, source) }
            }
            // An annotation repeats what the values say; what has no key at all is out of reach.
            if placed.image.sources.allSatisfy({ $0.key == nil }) {
                untouched.append(
                    Untouched(
                        reference: placed.image.reference.description,
                        places: placed.image.sources.map { "\($0.chart) \($0.place)" }))
            }
        }
        text = YAMLText.document(root.tree)
        self.untouched = untouched.sorted { $0.reference.utf8.lexicographicallyPrecedes($1.reference.utf8) }
    }
}

/// A mapping of the overlay.
private struct OverlayNode {
    private var members: [String: Member] = [:]

    private enum Member {
        /// A text, and how far above the chart it was read it stands: charts above decide over those below.
        case text(String, level: Int)
        indirect case node(OverlayNode)
    }

    mutating func set(_ key: ChartImage.ValuesKey, _ placed: PlacedImage, _ source: ChartImage.Source) {
        let level = source.chart.utf8.split(separator: UInt8(ascii: "/")).count
        let destination = placed.destination
        switch key.form {
        case .text: put(placed.placed.description, key.path[...], level)
        case .parts(let hasRegistry):
            let path = key.path[...]
            if hasRegistry {
                put(destination.host, path + ["registry"], level)
                put(destination.repository.description, path + ["repository"], level)
            } else {
                put("\(destination.host)/\(destination.repository)", path + ["repository"], level)
            }
        }
    }

    private mutating func put(_ text: String, _ path: ArraySlice<String>, _ level: Int) {
        guard let key = path.first else { return }
        if path.count == 1 {
            switch members[key] {
            case .text(_, let known) where known <= level: return
            case .text, .node, nil: members[key] = .text(text, level: level)
            }
            return
        }
        if case .text(_, let known) = members[key], known < level { return }
        var inner = OverlayNode()
        if case .node(let known) = members[key] { inner = known }
        inner.put(text, path.dropFirst(), level)
        members[key] = .node(inner)
    }

    var tree: JSONValue {
        .object(
            members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, member in
                switch member {
                case .text(let text, _): (key, .string(text))
                case .node(let node): (key, node.tree)
                }
            })
    }
}
