internal import Content
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

/// Where a read looks: the repository its path names, or the one a mirror keeps of it.
struct RegistryPlace: Sendable {
    /// The name in the path.
    let asked: RepositoryName
    /// The repository that is looked into.
    let repository: RepositoryName
    /// The host whose repository it mirrors; nil when none was asked for, or none that is an upstream.
    let host: String?

    /// The response with the host it stands for.
    func marked(_ response: Response) -> Response {
        guard let host else { return response }
        var response = response
        response.headers.append(("OCI-Namespace", host))
        return response
    }

    /// What the links to further pages hold of it.
    var query: String { host.map { "&ns=" + PercentEncoding.encodeQueryValue($0) } ?? "" }
}

extension RegistryFace {
    /// Reads `?ns=<host>`, by which clients ask a mirror for what another registry has.
    ///
    /// A host that is no upstream, and a query that is none, are passed over.
    /// Source: distribution-spec's draft of 1.2, section Registry Proxying.
    func place(_ name: RepositoryName, _ request: any Request) -> RegistryPlace {
        guard let cache, !request.rawQuery.isEmpty,
            let host = QueryItems(parsing: request.rawQuery)?.first("ns"), !host.isEmpty,
            let repository = cache.repository(mirroring: host, name)
        else { return RegistryPlace(asked: name, repository: name, host: nil) }
        return RegistryPlace(asked: name, repository: repository, host: host)
    }
}
