internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension RegistryFace {
    /// end-2: a blob or a part of it, from an open file.
    func blob(_ digest: Digest, in repository: RepositoryName, _ request: any Request) throws(ContentError) -> Response
    {
        let text = digest.description
        return try Response.blob(
            registry.findBlob(digest, in: repository), tag: text, type: "application/octet-stream",
            headers: [("Docker-Content-Digest", text)], for: request)
    }

    /// end-10: removes a blob from a repository.
    func deleteBlob(_ digest: Digest, in repository: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            try await registry.deleteBlob(digest, in: repository)
            return Response(.accepted)
        }
    }
}
