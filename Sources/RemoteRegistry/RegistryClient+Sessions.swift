internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

// Uploads that outlive the process which began them.
extension RegistryClient {
    /// Goes on with the session that is known, else with `begun`, else with a new one.
    func placeInSession(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement, _ begun: UploadLocation?,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        var begun = begun
        if let text = placement.session {
            if let (found, offset) = try await takenUp(text, expected, in: repository) {
                if let begun { await abandon(begun, in: repository) }
                begun = nil
                var location = found
                do throws(ContentError) {
                    try await continueSession(
                        expected, in: repository, from: offset, &location, placement, try await open(offset))
                    return .sent(expected.size - offset)
                } catch .digestInvalid where offset > 0 {
                    // What the session held was not this blob; its bytes went with it.
                }
            } else {
                placement.noteSession(nil)
            }
        }
        var location: UploadLocation
        if let begun {
            location = begun
        } else {
            location = try await begin(in: repository)
        }
        note(location, placement)
        try await continueSession(expected, in: repository, from: 0, &location, placement, try await open(0))
        return .sent(expected.size)
    }

    /// Sends the rest of a blob and ends the session; what it failed with decides whether the session is kept.
    private func continueSession(
        _ expected: Descriptor, in repository: RepositoryName, from offset: Int64, _ location: inout UploadLocation,
        _ placement: BlobPlacement, _ pieces: any BlobPieces
    ) async throws(ContentError) {
        // Bytes that were sent before are not here to be hashed: the rest is only counted.
        var body = offset == 0 ? VerifiedBody(expected) : nil
        var left = expected.size - offset
        do throws(ContentError) {
            try await putChunks(
                expected, in: repository, from: offset, &location, note: { self.note($0, placement) }
            ) { () async throws(ContentError) in
                if body != nil {
                    return try await body?.next(from: { () async throws(ContentError) in try await pieces.next() })
                }
                let piece = try await pieces.next()
                left -= Int64(piece?.count ?? 0)
                guard piece == nil ? left == 0 : left >= 0 else {
                    throw .sizeInvalid("blob \(expected.digest) is not the \(expected.size) bytes announced")
                }
                return piece
            }
        } catch {
            if !error.keepsSession {
                await abandon(location, in: repository)
                placement.noteSession(nil)
            }
            throw error
        }
        placement.noteSession(nil)
    }

    /// Where a session stands that was begun some time ago; nil when it is gone or of no use.
    private func takenUp(
        _ text: String, _ expected: Descriptor, in repository: RepositoryName
    ) async throws(ContentError) -> (UploadLocation, Int64)? {
        let uploads = try uploadsURL(repository)
        // It may have been written by anybody: credentials go to the registry's own origin only.
        guard let url = try? endpoint.following(text, from: uploads), url.origin == endpoint.base.origin else {
            return nil
        }
        var location = UploadLocation(url: url, minimumChunkBytes: 0)
        let offset: Int64
        do throws(ContentError) {
            offset = try await length(of: &location, in: repository, hasSome: false)
        } catch {
            if error.keepsSession { throw error }
            return nil
        }
        guard offset <= expected.size else {
            await abandon(location, in: repository)
            return nil
        }
        return (location, offset)
    }

    private func note(_ location: UploadLocation, _ placement: BlobPlacement) {
        guard location.url.origin == endpoint.base.origin else { return }
        placement.noteSession(location.url.description)
    }
}

extension ContentError {
    /// Whether an upload session is as good as before in spite of it.
    fileprivate var keepsSession: Bool {
        switch self {
        case .unavailable, .rateLimited, .unauthorized, .denied, .storageFull: true
        default: false
        }
    }
}
