public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

extension RegistryClient {
    /// Puts a blob where it is not yet.
    ///
    /// A mount is asked for first: POST, which begins an upload where the registry does not mount. Then HEAD, unless it
    /// cannot be there. A small blob is POST and PUT; one of medium size is streamed in these; a large one goes in
    /// chunks, in a session that can be taken up later, also when this call fails in passing or is cancelled. What is
    /// added to a session that was taken up is verified by the registry alone.
    public func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        var begun: UploadLocation?
        if let other = placement.mountFrom, other != repository {
            switch try await mount(expected.digest, from: other, to: repository) {
            case .mounted: return .mounted
            case .begun(let location): begun = location
            case .refused: break
            }
        }
        if placement.mayBeThere {
            let isThere = try await hasBlob(expected.digest, in: repository)
            if isThere {
                if let begun { await abandon(begun, in: repository) }
                if placement.session != nil { placement.noteSession(nil) }
                return .present
            }
        }
        if expected.size <= options.bufferedUploadBytes {
            var body = VerifiedBody(expected)
            var bytes: [UInt8] = []
            let pieces = try await open(0)
            while let piece = try await body.next(from: { () async throws(ContentError) in try await pieces.next() }) {
                bytes += piece
            }
            try await putBuffered(expected, in: repository, bytes, begun)
        } else if expected.size <= options.chunkedUploadThreshold {
            try await placeStreamed(expected, in: repository, begun, open)
        } else {
            return try await placeInSession(expected, in: repository, placement, begun, open)
        }
        return .sent(expected.size)
    }

    private enum MountAnswer {
        case mounted
        case begun(UploadLocation)
        case refused
    }

    /// Asks for a link from another repository.
    private func mount(
        _ digest: Digest, from other: RepositoryName, to repository: RepositoryName
    ) async throws(ContentError) -> MountAnswer {
        let url = try uploadsURL(repository).adding("mount", digest.description).adding("from", path(other))
        let call = RegistryCall(
            method: .post, url: url, body: [], scope: .mount(from: other, to: repository), object: .upload(repository))
        let response: HTTPClientResponse
        do throws(ContentError) {
            response = try await transport.send(call)
        } catch .unauthorized {
            return .refused
        }
        switch response.status.rawValue {
        case 201:
            // Something else was linked: the blob is sent, whatever that was.
            let named = response.headers["Docker-Content-Digest"].flatMap { try? Digest(parsing: $0) }
            return named == nil || named == digest ? .mounted : .refused
        case 202: return .begun(try session(response, from: url, in: repository))
        // Whatever it has against the mount, it may take the blob itself, or say what it has against that.
        case 400..<429, 501: return .refused
        default: throw await transport.failure(response).error(about: call.object)
        }
    }

    /// A stream that broke off is sent again from the start, since its bytes can be had again.
    private func placeStreamed(
        _ expected: Descriptor, in repository: RepositoryName, _ begun: UploadLocation?,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
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
            var body = VerifiedBody(expected)
            var sourceFailed = false
            do throws(ContentError) {
                let pieces = try await open(0)
                return try await putStreamed(expected, in: repository, location, &body) {
                    () async throws(ContentError) in
                    do throws(ContentError) {
                        return try await pieces.next()
                    } catch {
                        sourceFailed = true
                        throw error
                    }
                }
            } catch {
                attempt += 1
                guard !sourceFailed, error.mayPass, attempt <= options.retry.maximumAttempts, !Task.isCancelled else {
                    throw error
                }
                await options.timing.sleep(options.retry.pause(before: attempt, random: options.timing.random()))
            }
        }
    }
}
