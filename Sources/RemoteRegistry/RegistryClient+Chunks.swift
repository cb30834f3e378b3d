internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

// Uploads in chunks: each is held in memory until the registry has it, so a broken connection costs one chunk at most.
extension RegistryClient {
    /// Sends what follows byte `start` of a session and ends it; whoever began the session cleans up after a failure.
    ///
    /// `note` is told where the session is after each chunk.
    func putChunks(
        _ expected: Descriptor, in repository: RepositoryName, from start: Int64, _ location: inout UploadLocation,
        note: (UploadLocation) -> Void = { _ in }, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        // A registry may ask for large chunks, not for all of our memory.
        guard location.minimumChunkBytes <= RegistryClient.maximumChunkBytes else {
            throw .unsupported(
                "\(endpoint.name) wants chunks of at least \(location.minimumChunkBytes) bytes; "
                    + "\(RegistryClient.maximumChunkBytes) is the most that is sent at once")
        }
        let chunkBytes = max(1, options.chunkBytes, location.minimumChunkBytes)
        var chunk: [UInt8] = []
        var sent = start
        while let piece = try await next() {
            var rest = piece[...]
            while !rest.isEmpty {
                let part = rest.prefix(chunkBytes - chunk.count)
                chunk += part
                rest = rest.dropFirst(part.count)
                guard chunk.count == chunkBytes else { continue }
                try await send(chunk, at: sent, &location, in: repository)
                sent += Int64(chunk.count)
                chunk.removeAll(keepingCapacity: true)
                note(location)
            }
        }
        if !chunk.isEmpty {
            try await send(chunk, at: sent, &location, in: repository)
            note(location)
        }
        let last = finishing(location.url, expected, in: repository, body: [])
        try await check(try await transport.send(last), expected, in: repository)
    }

    /// The largest chunk that is held in memory because a registry wants it so.
    private static let maximumChunkBytes = 64 << 20

    /// Sends one chunk; after a failure asks how much of it arrived and sends the rest.
    private func send(
        _ chunk: [UInt8], at start: Int64, _ location: inout UploadLocation, in repository: RepositoryName
    ) async throws(ContentError) {
        var done = 0
        var attempt = 1
        while done < chunk.count {
            do throws(ContentError) {
                let rest = done == 0 ? chunk : Array(chunk.dropFirst(done))
                try await sendOnce(rest, at: start + Int64(done), &location, in: repository)
                return
            } catch {
                attempt += 1
                guard error.mayResume, attempt <= options.retry.maximumAttempts, !Task.isCancelled else { throw error }
                await options.timing.sleep(options.retry.pause(before: attempt, random: options.timing.random()))
                let stands = try await length(of: &location, in: repository, hasSome: error.isOutOfOrder)
                guard stands >= start, stands <= start + Int64(chunk.count) else { throw error }
                done = Int(stands - start)
            }
        }
    }

    private func sendOnce(
        _ bytes: [UInt8], at start: Int64, _ location: inout UploadLocation, in repository: RepositoryName
    ) async throws(ContentError) {
        var call = RegistryCall(
            method: .patch, url: location.url, body: bytes, scope: .push(repository), object: .upload(repository),
            isRepeatable: false)
        call.headers.append("Content-Type", MediaType.octetStream.description)
        if let range = UploadRange(start..<(start + Int64(bytes.count))) {
            call.headers.append("Content-Range", range.fieldValue)
        }
        let response = try await transport.succeed(call)
        try follow(response, &location)
    }

    /// How many bytes a session holds.
    ///
    /// `Range: 0-0` is written both for none and for one byte; a registry that turned away a chunk from 0 has one.
    func length(
        of location: inout UploadLocation, in repository: RepositoryName, hasSome: Bool
    ) async throws(ContentError) -> Int64 {
        let response = try await transport.succeed(
            RegistryCall(method: .get, url: location.url, scope: .push(repository), object: .upload(repository)))
        try follow(response, &location)
        guard let text = response.headers["Range"], let last = UploadRange(parsing: text)?.bytes else { return 0 }
        return last.upperBound == 1 && !hasSome ? 0 : last.upperBound
    }

    /// Sessions may move with each request.
    private func follow(_ response: HTTPClientResponse, _ location: inout UploadLocation) throws(ContentError) {
        guard let text = response.headers.values("Location").first else { return }
        location.url = try endpoint.following(text, from: location.url)
    }

    /// Gives a session up, as far as the registry lets; it would expire by itself.
    func abandon(_ location: UploadLocation, in repository: RepositoryName) async {
        let call = RegistryCall(
            method: .delete, url: location.url, scope: .push(repository), object: .upload(repository),
            isRepeatable: false)
        _ = try? await transport.send(call)
    }
}

extension ContentError {
    /// Whether the session may still be there and tell how far it is.
    fileprivate var mayResume: Bool {
        if case .unavailable = self { return true }
        return isOutOfOrder
    }

    /// Whether the registry stands somewhere else than the chunk began.
    fileprivate var isOutOfOrder: Bool {
        switch self {
        case .uploadInvalid, .chunkOutOfOrder, .rangeInvalid: true
        default: false
        }
    }
}
