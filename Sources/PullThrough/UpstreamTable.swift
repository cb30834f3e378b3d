internal import Content
internal import OCIModel

/// Finds the upstream behind a path: the longest prefix counts.
struct UpstreamTable: Sendable {
    /// Where a path leads.
    struct Match: Sendable {
        let upstream: Upstream
        /// The path behind the prefix, never empty for a repository.
        let rest: String
    }

    /// In the configuration's order.
    let all: [Upstream]
    private let byPrefix: [Substring: Upstream]
    private let firstElements: Set<Substring>

    /// Prefixes are unique; of two equal ones the first counts.
    init(_ upstreams: [Upstream]) {
        all = upstreams
        byPrefix = Dictionary(upstreams.map { (Substring($0.rule.prefix.description), $0) }) { first, _ in first }
        firstElements = Set(upstreams.compactMap { $0.rule.prefix.elements.first })
    }

    /// The upstream behind a repository; nil when it is the store's alone.
    ///
    /// A few look-ups in a dictionary; one for a path that begins as no prefix does.
    func match(_ repository: RepositoryName) -> Match? {
        match(repository.description, takesWhole: false)
    }

    /// The upstream behind a classic repository, whose charts lie below its path; the rest may be empty.
    func match(_ namespace: ChartNamespace) -> Match? {
        namespace.path.flatMap { match($0.description, takesWhole: true) }
    }

    func upstream(at prefix: String) -> Upstream? { byPrefix[Substring(prefix)] }

    private func match(_ path: String, takesWhole: Bool) -> Match? {
        let slash = UInt8(ascii: "/")
        guard firstElements.contains(path[..<(path.utf8.firstIndex(of: slash) ?? path.endIndex)]) else { return nil }
        if takesWhole, let upstream = byPrefix[path[...]] { return Match(upstream: upstream, rest: "") }
        var head = path[...]
        while let cut = head.utf8.lastIndex(of: slash) {
            head = head[..<cut]
            if let upstream = byPrefix[head] {
                return Match(upstream: upstream, rest: String(path[path.utf8.index(after: cut)...]))
            }
        }
        return nil
    }
}
