public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

extension RegistryClient: BlobSink {
    /// Stores a blob unless the registry has it.
    ///
    /// One HEAD when it is there; else POST and PUT, or POST, PATCH for each chunk and PUT. The bytes are verified on
    /// their way out. A small blob is sent again after a failure that passes, a chunk is resumed; one of medium size is
    /// streamed once.
    public func putBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        if try await hasBlob(expected.digest, in: repository) { return }
        var body = VerifiedBody(expected)
        if expected.size <= options.bufferedUploadBytes {
            var bytes: [UInt8] = []
            while let piece = try await body.next(from: next) { bytes += piece }
            try await putBuffered(expected, in: repository, bytes)
        } else if expected.size <= options.chunkedUploadThreshold {
            let location = try await begin(in: repository)
            try await putStreamed(expected, in: repository, location, &body, next)
        } else {
            var location = try await begin(in: repository)
            do throws(ContentError) {
                try await putChunks(expected, in: repository, from: 0, &location) { () async throws(ContentError) in
                    try await body.next(from: next)
                }
            } catch {
                await abandon(location, in: repository)
                throw error
            }
        }
    }

    /// One PUT with all the bytes, which are pulled as they are sent.
    func putStreamed(
        _ expected: Descriptor, in repository: RepositoryName, _ location: UploadLocation, _ body: inout VerifiedBody,
        _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        let call = finishing(location.url, expected, in: repository, body: nil)
        let response = try await transport.stream(call, length: expected.size) { () async throws(ContentError) in
            try await body.next(from: next)
        }
        try await check(response, expected, in: repository)
    }

    /// Whether the registry has a blob; a repository that is not there yet has none.
    func hasBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        let response = try await transport.send(
            RegistryCall(
                method: .head, url: try blobURL(digest, repository), scope: .push(repository),
                object: .blob(digest, repository)))
        if response.status.isSuccess { return true }
        if response.status == .notFound { return false }
        throw await transport.failure(response).error(about: .blob(digest, repository))
    }

    /// A session that was lost in between is begun anew, with all the bytes; one that is at hand is taken first.
    func putBuffered(
        _ expected: Descriptor, in repository: RepositoryName, _ bytes: [UInt8], _ begun: UploadLocation? = nil
    ) async throws(ContentError) {
        var attempt = 1
        var begun = begun
        while true {
            let location: UploadLocation
            if let first = begun {
                location = first
                begun = nil
            } else {
                location = try await begin(in: repository)
            }
            do throws(ContentError) {
                let call = finishing(location.url, expected, in: repository, body: bytes)
                return try await check(try await transport.send(call), expected, in: repository)
            } catch {
                attempt += 1
                guard error.mayPass, attempt <= options.retry.maximumAttempts, !Task.isCancelled else { throw error }
                await options.timing.sleep(options.retry.pause(before: attempt, random: options.timing.random()))
            }
        }
    }

    /// Begins a session.
    ///
    /// Beginning two by mistake harms nobody: the other one expires.
    func begin(in repository: RepositoryName) async throws(ContentError) -> UploadLocation {
        let url = try uploadsURL(repository)
        let response = try await transport.succeed(
            RegistryCall(
                method: .post, url: url, body: [], scope: .push(repository), object: .upload(repository)))
        return try session(response, from: url, in: repository)
    }

    /// Where the session is that an answer began.
    func session(
        _ response: HTTPClientResponse, from url: HTTPURL, in repository: RepositoryName
    ) throws(ContentError) -> UploadLocation {
        guard let location = response.headers.values("Location").first else {
            throw .unavailable("\(endpoint.name) began an upload to \(repository) without saying where")
        }
        let minimum = response.headers["OCI-Chunk-Min-Length"].flatMap { Int($0) } ?? 0
        return UploadLocation(url: try endpoint.following(location, from: url), minimumChunkBytes: minimum)
    }

    /// The PUT that ends a session.
    ///
    /// A session ends once, so it is not repeated by itself.
    func finishing(
        _ location: HTTPURL, _ expected: Descriptor, in repository: RepositoryName, body: [UInt8]?
    ) -> RegistryCall {
        var call = RegistryCall(
            method: .put, url: location.adding("digest", expected.digest.description), body: body,
            scope: .push(repository), object: .upload(repository), isRepeatable: false)
        call.headers.append("Content-Type", MediaType.octetStream.description)
        return call
    }

    /// Whether the registry took the blob, and under its own digest.
    func check(
        _ response: HTTPClientResponse, _ expected: Descriptor, in repository: RepositoryName
    ) async throws(ContentError) {
        guard response.status.isSuccess else {
            throw await transport.failure(response).error(about: .upload(repository))
        }
        guard let stored = response.headers["Docker-Content-Digest"], stored != expected.digest.description else {
            return
        }
        throw .corrupt("\(endpoint.name) stored blob \(expected.digest) under another digest")
    }
}

/// Where an upload session is.
struct UploadLocation {
    var url: HTTPURL
    /// The smallest chunk the registry takes, 0 for any.
    var minimumChunkBytes: Int
}

extension HTTPURL {
    /// The URL with one more query item behind those it has.
    func adding(_ name: String, _ value: String) -> HTTPURL {
        let text = description + (query == nil ? "?" : "&") + name + "=" + PercentEncoding.encodeQueryValue(value)
        return (try? HTTPURL(parsing: text)) ?? self
    }
}

extension ContentError {
    /// Whether a new session may get further than this one did.
    var mayPass: Bool {
        switch self {
        case .unavailable, .uploadUnknown: true
        default: false
        }
    }
}
