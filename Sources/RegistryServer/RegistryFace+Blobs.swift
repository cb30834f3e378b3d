internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension RegistryFace {
    /// end-2: a blob or a part of it, from an open file.
    ///
    /// Of one that is on its way, what has come is sent at once.
    func blob(_ digest: Digest, in place: RegistryPlace, _ request: any Request) throws(ContentError) -> Plan {
        let text = digest.description
        let type = "application/octet-stream"
        let headers: [(name: StaticString, value: String)] = [("Docker-Content-Digest", text)]
        if let cached = try cache?.cachedBlob(digest, in: place.repository) {
            return try answer(cached) { found throws(ContentError) in
                place.marked(try Response.blob(found, tag: text, type: type, headers: headers, for: request))
            }
        }
        let found = try registry.findBlob(digest, in: place.repository)
        return .respond(place.marked(try Response.blob(found, tag: text, type: type, headers: headers, for: request)))
    }

    /// end-10: removes a blob from a repository.
    func deleteBlob(_ digest: Digest, in repository: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            try await registry.deleteBlob(digest, in: repository)
            return Response(.accepted)
        }
    }
}
