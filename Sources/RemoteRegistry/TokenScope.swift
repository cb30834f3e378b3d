internal import OCIModel

/// What a request wants to do, in the grammar of token servers: `repository:charts/nginx:pull,push`.
///
/// Source: distribution v2.8.3 docs/spec/auth/scope.md.
struct TokenScope: Hashable, Sendable, CustomStringConvertible {
    /// The repository; nil for the registry itself.
    let repository: RepositoryName?
    /// The actions, in the order they are written.
    let actions: [String]
    /// A repository to pull from besides, for a mount.
    var mountFrom: RepositoryName?

    /// As token servers read it, scopes separated by blanks; empty for nothing.
    var description: String {
        guard !actions.isEmpty else { return "" }
        let own = (repository.map { "repository:\($0):" } ?? "registry:catalog:") + actions.joined(separator: ",")
        return own + (mountFrom.map { " repository:\($0):pull" } ?? "")
    }

    static func pull(_ repository: RepositoryName) -> TokenScope { .init(repository: repository, actions: ["pull"]) }
    static func push(_ repository: RepositoryName) -> TokenScope {
        .init(repository: repository, actions: ["pull", "push"])
    }
    static func mount(from other: RepositoryName, to repository: RepositoryName) -> TokenScope {
        .init(repository: repository, actions: ["pull", "push"], mountFrom: other)
    }
    static func delete(_ repository: RepositoryName) -> TokenScope {
        .init(repository: repository, actions: ["delete"])
    }
    static func readAttributes(_ repository: RepositoryName) -> TokenScope {
        .init(repository: repository, actions: ["metadata_read"])
    }
    static func changeAttributes(_ repository: RepositoryName) -> TokenScope {
        .init(repository: repository, actions: ["metadata_write"])
    }
    /// To be let in, no more.
    static let nothing = TokenScope(repository: nil, actions: [])
    static let catalog = TokenScope(repository: nil, actions: ["*"])

    /// Whether a token for this scope will do for the other.
    func covers(_ other: TokenScope) -> Bool {
        repository == other.repository && other.actions.allSatisfy(actions.contains)
            && (other.mountFrom == nil || other.mountFrom == mountFrom)
    }
}
