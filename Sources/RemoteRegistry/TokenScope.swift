internal import OCIModel

/// What a request wants to do, in the grammar of token servers: `repository:charts/nginx:pull,push`.
///
/// Source: distribution v2.8.3 docs/spec/auth/scope.md.
struct TokenScope: Hashable, Sendable, CustomStringConvertible {
    /// The repository; nil for the registry itself.
    let repository: RepositoryName?
    /// The actions, in the order they are written.
    let actions: [String]

    /// As token servers read it; empty for nothing.
    var description: String {
        actions.isEmpty
            ? "" : (repository.map { "repository:\($0):" } ?? "registry:catalog:") + actions.joined(separator: ",")
    }

    static func pull(_ repository: RepositoryName) -> TokenScope { .init(repository: repository, actions: ["pull"]) }
    static func push(_ repository: RepositoryName) -> TokenScope {
        .init(repository: repository, actions: ["pull", "push"])
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
    }
}
