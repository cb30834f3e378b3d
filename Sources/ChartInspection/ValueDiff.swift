public import OCIModel

/// How one tree of values became another.
///
/// A list is one value, because Helm replaces it as a whole.
public struct ValueDiff: Sendable, Equatable {
    /// A value at a path, as `helm --set` writes paths: `a.b`, with `\.` for a dot inside a key.
    public struct Leaf: Sendable, Equatable {
        /// The path.
        public let path: String
        /// The value.
        public let value: JSONValue
    }

    /// Another value at a path.
    public struct Change: Sendable, Equatable {
        /// The path.
        public let path: String
        /// What was there.
        public let old: JSONValue
        /// What is there now.
        public let new: JSONValue
    }

    /// What only the new tree has; a whole branch is one entry.
    public private(set) var added: [Leaf] = []
    /// What only the old tree has.
    public private(set) var removed: [Leaf] = []
    /// What is different.
    public private(set) var changed: [Change] = []
    /// Whether there was more than fits.
    public private(set) var isTruncated = false

    /// The most entries that are kept.
    public static let maximumEntries = 5000

    /// Compares two trees.
    ///
    /// Entries stand in the order of the trees. Linear in their sizes.
    ///
    /// Objects below `depth` levels are compared as one value.
    public init(from old: JSONValue, to new: JSONValue, depth: Int = .max) {
        compare(old == .null ? .object([]) : old, new == .null ? .object([]) : new, at: "", depth: depth)
    }

    private var isFull: Bool { added.count + removed.count + changed.count >= ValueDiff.maximumEntries }

    /// Recursion ends with the trees, whose readers bound their depth.
    private mutating func compare(_ old: JSONValue, _ new: JSONValue, at path: String, depth: Int) {
        guard depth > 0, case .object(let oldMembers) = old, case .object(let newMembers) = new else {
            if ValueDiff.differ(old, new) {
                note { $0.changed.append(Change(path: path, old: old, new: new)) }
            }
            return
        }
        let newByName = Dictionary(newMembers, uniquingKeysWith: { $1 })
        let oldNames = Set(oldMembers.map(\.0))
        for (name, value) in oldMembers {
            let place = ValueDiff.path(path, name)
            if let other = newByName[name] {
                compare(value, other, at: place, depth: depth - 1)
            } else {
                note { $0.removed.append(Leaf(path: place, value: value)) }
            }
        }
        for (name, value) in newMembers where !oldNames.contains(name) {
            note { $0.added.append(Leaf(path: ValueDiff.path(path, name), value: value)) }
        }
    }

    private mutating func note(_ entry: (inout ValueDiff) -> Void) {
        if isFull { isTruncated = true } else { entry(&self) }
    }

    /// Whether two values differ when the order of members does not matter.
    private static func differ(_ old: JSONValue, _ new: JSONValue) -> Bool {
        switch (old, new) {
        case (.array(let old), .array(let new)):
            return old.count != new.count || zip(old, new).contains { differ($0, $1) }
        case (.object(let old), .object(let new)):
            let byName = Dictionary(new, uniquingKeysWith: { $1 })
            return old.count != new.count
                || old.contains { name, value in byName[name].map { differ(value, $0) } ?? true }
        default: return old != new
        }
    }

    private static func path(_ path: String, _ name: String) -> String {
        let escaped = name.replacing("\\", with: "\\\\").replacing(".", with: "\\.")
        return path.isEmpty ? escaped : path + "." + escaped
    }

    /// `added` and `removed` (lists of `path`, `value`), `changed` (list of `path`, `old`, `new`), `truncated`.
    public var json: JSONValue {
        .object([
            ("added", .array(added.map { .object([("path", .string($0.path)), ("value", $0.value)]) })),
            ("removed", .array(removed.map { .object([("path", .string($0.path)), ("value", $0.value)]) })),
            (
                "changed",
                .array(changed.map { .object([("path", .string($0.path)), ("old", $0.old), ("new", $0.new)]) })
            ),
            ("truncated", .bool(isTruncated)),
        ])
    }
}
