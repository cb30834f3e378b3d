internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension RegistryFace {
    /// Bodies up to this are collected and stored in one hop; longer ones are streamed to disk as they come.
    private static let collectedBytes: Int64 = 128 << 10

    /// end-4 and end-11: begins a session, takes a whole blob, or mounts one.
    func beginUpload(in repository: RepositoryName, _ request: any Request) throws(ContentError) -> Plan {
        let query = try request.queryItems()
        let client = request.peer
        var algorithm = DigestAlgorithm.sha256
        if let name = query.first("digest-algorithm") {
            guard let known = DigestAlgorithm(name: name) else {
                throw .digestInvalid("digest algorithm \(OCIParseError.quote(name)) is not sha256 or sha512")
            }
            algorithm = known
        }
        let begin: @Sendable () async throws(ContentError) -> Response = { [self, algorithm] () throws(ContentError) in
            let id = try await registry.beginUpload(in: repository, client: client, algorithm: algorithm)
            return RegistryFace.session(.accepted, id, in: repository, length: 0)
        }
        if let mount = query.first("mount") {
            let digest = try RegistryFace.digest(mount)
            let from = query.first("from")
            let source = from.flatMap { try? RepositoryName(parsing: $0) }
            // What is no name names no repository: nothing is mounted from anywhere else instead.
            let mayMount = from == nil || source != nil
            return perform { [registry] () throws(ContentError) in
                guard mayMount, try await registry.mountBlob(digest, from: source, into: repository) else {
                    return try await begin()
                }
                return RegistryFace.stored(digest, in: repository)
            }
        }
        if let text = query.first("digest") {
            let digest = try RegistryFace.digest(text)
            return body(request) { [registry] () throws(ContentError) in
                try await registry.openUpload(in: repository, algorithm: digest.algorithm)
            } finish: { writer throws(ContentError) in
                try await writer.finish(digest)
                return RegistryFace.stored(digest, in: repository)
            }
        }
        return perform(begin)
    }

    /// end-5: a chunk.
    func appendChunk(to id: UploadID, in repository: RepositoryName, _ request: any Request)
        throws(ContentError) -> Plan
    {
        let range = try RegistryFace.chunk(request)
        return body(request, announced: range) { [registry] () throws(ContentError) in
            try await registry.openUpload(id, in: repository, at: range?.lowerBound)
        } finish: { writer throws(ContentError) in
            let length = writer.length
            await writer.close()
            return RegistryFace.session(.accepted, id, in: repository, length: length)
        } failure: { error in
            RegistryFace.failure(error, id, in: repository)
        }
    }

    /// end-6: the last chunk, or none, or the whole blob; and the digest all of it must have.
    func finishUpload(_ id: UploadID, in repository: RepositoryName, _ request: any Request)
        throws(ContentError) -> Plan
    {
        guard let text = try request.queryItems().first("digest") else {
            throw .digestInvalid("the request names no digest: add ?digest=sha256:<hex>")
        }
        let digest = try RegistryFace.digest(text)
        let range = try RegistryFace.chunk(request)
        return body(request, announced: range) { [registry] () throws(ContentError) in
            try await registry.openUpload(id, in: repository, at: range?.lowerBound)
        } finish: { writer throws(ContentError) in
            try await writer.finish(digest)
            return RegistryFace.stored(digest, in: repository)
        } failure: { error in
            RegistryFace.failure(error, id, in: repository)
        }
    }

    /// end-13: how far a session is.
    func uploadStatus(_ id: UploadID, in repository: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            let length = try await registry.uploadLength(id, in: repository)
            return RegistryFace.session(.noContent, id, in: repository, length: length)
        }
    }

    /// end-14: gives a session up.
    func cancelUpload(_ id: UploadID, in repository: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            try await registry.cancelUpload(id, in: repository)
            return Response(.noContent)
        }
    }

    // MARK: Parts

    private static func digest(_ text: String) throws(ContentError) -> Digest {
        do { return try Digest(parsing: text) } catch { throw .digestInvalid(error.description) }
    }

    /// Which bytes a chunk says it is; nil when it does not say.
    ///
    /// It must be as long as it says; one without a length is counted as it comes.
    private static func chunk(_ request: any Request) throws(ContentError) -> Range<Int64>? {
        guard let value = request.header("Content-Range") else { return nil }
        guard let range = UploadRange(parsing: value) else {
            throw .uploadInvalid("Content-Range \(OCIParseError.quote(value)) is not <start>-<end>, both inclusive")
        }
        if let length = request.contentLength, length != range.bytes.upperBound - range.bytes.lowerBound {
            throw .sizeInvalid("Content-Range \(value) does not go with a Content-Length of \(length)")
        }
        return range.bytes
    }

    /// A plan that writes the body into an upload: at once when it is small, piece by piece when not.
    private func body(
        _ request: any Request, announced: Range<Int64>? = nil, open: @escaping UploadBody.Open,
        finish: @escaping UploadBody.Finish,
        failure: @escaping @Sendable (ContentError) -> Response = { .failure($0) }
    ) -> Plan {
        let announcedBytes = announced.map { $0.upperBound - $0.lowerBound }
        let body = UploadBody(announcedBytes: announcedBytes, open: open, finish: finish, failure: failure)
        guard let length = request.contentLength, length <= RegistryFace.collectedBytes else {
            return .stream(maximumBytes: options.maximumBlobBytes, body)
        }
        return .receive(maximumBytes: Int(RegistryFace.collectedBytes)) { bytes in
            if !bytes.isEmpty, let refusal = await body.consume(bytes) { return refusal }
            return await body.finish()
        }
    }

    static func stored(_ digest: Digest, in repository: RepositoryName) -> Response {
        Response(
            .created,
            headers: [
                ("Location", "/v2/\(repository)/blobs/\(digest)"), ("Docker-Content-Digest", digest.description),
            ])
    }

    /// The location is relative: some clients put an absolute one behind their own host.
    static func session(_ status: HTTPStatus, _ id: UploadID, in repository: RepositoryName, length: Int64) -> Response
    {
        Response(
            status,
            headers: [
                ("Location", "/v2/\(repository)/blobs/uploads/\(id)"), ("Range", "0-\(max(0, length - 1))"),
                ("Docker-Upload-UUID", id.description),
            ])
    }

    /// A chunk out of order is told where the session stands.
    private static func failure(_ error: ContentError, _ id: UploadID, in repository: RepositoryName) -> Response {
        var response = Response.failure(error)
        if case .chunkOutOfOrder(_, let offset) = error {
            response.headers += session(.accepted, id, in: repository, length: offset).headers
        }
        return response
    }
}
