import ChartArchive
public import OCIModel

/// How one list of files became another.
public struct FileDiff: Sendable, Equatable {
    /// A file that both have and that differs.
    public struct Change: Sendable, Equatable {
        /// The path.
        public let path: String
        /// What differs; nil when one of the two is binary, or the answer is full.
        public let diff: TextDiff?
    }

    /// Paths only the new list has, sorted.
    public let added: [String]
    /// Paths only the old list has, sorted.
    public let removed: [String]
    /// Files that differ, sorted by path.
    public let changed: [Change]

    /// The most bytes of all differences together; behind that only paths are given.
    public static let maximumBytes = 1 << 20

    /// Compares files by path.
    init(from old: [ArchivedFile], to new: [ArchivedFile]) {
        let oldByPath = Dictionary(old.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        let newByPath = Dictionary(new.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        added = newByPath.keys.filter { oldByPath[$0] == nil }.sorted()
        removed = oldByPath.keys.filter { newByPath[$0] == nil }.sorted()
        var rest = FileDiff.maximumBytes
        changed = oldByPath.keys.sorted().compactMap { path in
            guard let old = oldByPath[path], let new = newByPath[path], old != new else { return nil }
            guard rest > 0, !old.isBinary, !new.isBinary else { return Change(path: path, diff: nil) }
            let diff = TextDiff(from: old.bytes, to: new.bytes)
            rest -= diff.text.utf8.count
            return Change(path: path, diff: diff)
        }
    }

    /// Whether nothing differs.
    public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    /// `added` and `removed` (paths), `changed` (list of `path`, `diff`, a unified diff or null, and `truncated`).
    public var json: JSONValue {
        .object([
            ("added", JSONValue(added)), ("removed", JSONValue(removed)),
            (
                "changed",
                .array(
                    changed.map { change in
                        .object([
                            ("path", .string(change.path)), ("diff", JSONValue(optional: change.diff?.text)),
                            ("truncated", .bool(change.diff?.isTruncated ?? false)),
                        ])
                    })
            ),
        ])
    }
}
