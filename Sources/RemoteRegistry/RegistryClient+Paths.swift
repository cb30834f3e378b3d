internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

// The paths of distribution-spec v1.1.1 and of Azure's data plane. Names and digests hold nothing that needs escaping.
extension RegistryClient {
    /// Docker Hub keeps official images below `library/`; the other registries take names as they are.
    func path(_ repository: RepositoryName) -> String {
        let isOfficial = endpoint.isDockerHub && repository.elements.count == 1
        return (isOfficial ? "library/" : "") + repository.description
    }

    func blobURL(_ digest: Digest, _ repository: RepositoryName) throws(ContentError) -> HTTPURL {
        try endpoint.url("/v2/\(path(repository))/blobs/\(digest)")
    }

    func uploadsURL(_ repository: RepositoryName) throws(ContentError) -> HTTPURL {
        try endpoint.url("/v2/\(path(repository))/blobs/uploads/")
    }

    func manifestURL(
        _ reference: ManifestReference, _ repository: RepositoryName, _ query: [(String, String)] = []
    ) throws(ContentError) -> HTTPURL {
        try endpoint.url("/v2/\(path(repository))/manifests/\(reference)", query)
    }

    func tagsURL(_ repository: RepositoryName) throws(ContentError) -> HTTPURL {
        try endpoint.url("/v2/\(path(repository))/tags/list")
    }

    func referrersURL(
        _ subject: Digest, _ repository: RepositoryName, _ query: [(String, String)]
    ) throws(ContentError) -> HTTPURL {
        try endpoint.url("/v2/\(path(repository))/referrers/\(subject)", query)
    }

    func catalogURL() throws(ContentError) -> HTTPURL { try endpoint.url("/v2/_catalog") }

    /// `/acr/v1/<name>`, `…/_tags`, `…/_tags/<tag>` and so on.
    func attributesURL(
        _ repository: RepositoryName, _ below: String = "", _ query: [(String, String)] = []
    ) throws(ContentError) -> HTTPURL {
        try endpoint.url("/acr/v1/\(path(repository))\(below)", query)
    }
}
