internal import Codecs
public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

extension RegistryClient: BlobSource {
    /// The size of a blob in bytes.
    ///
    /// One HEAD.
    public func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        let response = try await transport.succeed(
            RegistryCall(
                method: .head, url: try blobURL(digest, repository), scope: .pull(repository),
                object: .blob(digest, repository)))
        guard let size = response.contentLength else {
            throw .unavailable("\(endpoint.name) does not say how large blob \(digest) of \(repository) is")
        }
        return size
    }

    /// Reads a blob in pieces of at most 256 KiB; a whole read is verified.
    ///
    /// One GET. A connection that breaks is taken up where it broke, by a range; the attempts count anew with each
    /// byte that came.
    public func readBlob(
        _ digest: Digest, in repository: RepositoryName, from start: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await readBlob(digest, in: repository, from: start, head: { _ in }, body)
    }

    /// The same, saying first how large the blob is as a whole, wherever the reading begins.
    ///
    /// `takesSlot` is false for bytes that another request under way waits for: it might hold the last place. `head` is
    /// called once, before the first piece and also when there is none; nil when the registry does not say
    /// how large it is. What is handed on is never more than was announced, nor than `maximumBytes`.
    /// - Throws: as the other; `.tooLarge` for a blob of more than `maximumBytes`, before `head` where that was
    ///   announced; `.corrupt` for more or fewer bytes than announced; what `head` and `body` throw.
    public func readBlob(
        _ digest: Digest, in repository: RepositoryName, from start: Int64, maximumBytes: Int64 = .max,
        takesSlot: Bool = true, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        guard start >= 0 else { throw .rangeInvalid("a blob cannot be read from byte \(start)", length: 0) }
        var reading = BlobReading(
            digest: digest, repository: repository, start: start, maximumBytes: maximumBytes, takesSlot: takesSlot,
            registry: endpoint.name)
        var failures = 0
        while true {
            let before = reading.offset
            guard let failure = try await readOn(&reading, head, body) else { break }
            failures = reading.offset > before ? 1 : failures + 1
            guard failure.isTransient, failures < options.retry.maximumAttempts else {
                throw ContentError(failure, registry: endpoint.name)
            }
            await options.timing.sleep(options.retry.pause(before: failures + 1, random: options.timing.random()))
        }
        try reading.verify()
    }

    /// Reads until the end, or until the connection breaks: then gives why.
    private func readOn(
        _ reading: inout BlobReading, _ head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) -> HTTPClientError? {
        guard let response = try await open(&reading) else {
            if reading.announce() { try await head(reading.whole) }
            return nil
        }
        if reading.announce() { try await head(reading.whole) }
        var toSkip = response.status == .partialContent ? 0 : reading.offset
        while true {
            let next: [UInt8]?
            do {
                next = try await response.next()
                if let next { try await transport.sender.spend(received: next.count, from: response.url.origin) }
            } catch {
                return error
            }
            guard let received = next else { break }
            let piece = toSkip == 0 ? received : Array(received.dropFirst(Int(min(toSkip, Int64(received.count)))))
            toSkip -= Int64(received.count - piece.count)
            for part in piece.parts(of: 262_144) {
                try reading.take(part)
                try await body(part)
            }
        }
        guard toSkip == 0 else {
            let length = reading.offset - toSkip
            throw .rangeInvalid("\(reading.object) has \(length) bytes, none from \(reading.offset)", length: length)
        }
        // A range may end before the blob does.
        if let whole = reading.whole, reading.offset < whole {
            return .connectionLost("\(endpoint.name) sent \(reading.offset) of \(whole) bytes of \(reading.object)")
        }
        return nil
    }

    /// Asks for the bytes from where the reading stands; nil when there are none because it stands at the end.
    private func open(_ reading: inout BlobReading) async throws(ContentError) -> HTTPClientResponse? {
        var call = RegistryCall(
            method: .get, url: try blobURL(reading.digest, reading.repository), scope: .pull(reading.repository),
            object: .blob(reading.digest, reading.repository), maximumResponseBytes: reading.maximumBytes)
        call.takesSlot = reading.takesSlot
        if reading.offset > 0 { call.headers.append("Range", "bytes=\(reading.offset)-") }
        let response = try await transport.send(call)
        switch response.status {
        case .ok:
            if let length = response.contentLength, length < reading.offset {
                throw .rangeInvalid(
                    "\(reading.object) has \(length) bytes, none from \(reading.offset)", length: length)
            }
            try reading.learn(whole: response.contentLength)
            return response
        case .partialContent where reading.offset > 0:
            let range = response.headers["Content-Range"].flatMap { ContentRange(parsing: $0) }
            guard case .part(let bytes, let whole)? = range, bytes.lowerBound == reading.offset else {
                throw .unavailable("\(endpoint.name) sent another range of \(reading.object) than asked for")
            }
            try reading.learn(whole: whole)
            return response
        case .rangeNotSatisfiable where reading.offset > 0:
            let failure = await transport.failure(response)
            let length: Int64
            if let known = failure.contentLength {
                length = known
            } else {
                length = try await blobSize(reading.digest, in: reading.repository)
            }
            guard reading.offset == length else {
                throw .rangeInvalid(
                    "\(reading.object) has \(length) bytes, none from \(reading.offset)", length: length)
            }
            try reading.learn(whole: length)
            return nil
        default: throw await transport.failure(response).error(about: reading.object)
        }
    }
}

extension DigestAlgorithm {
    /// The hash function of the codecs.
    var function: ContentHasher.Function {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }
}

extension [UInt8] {
    /// The bytes in parts of at most `size`; none for no bytes.
    func parts(of size: Int) -> [[UInt8]] {
        guard count > size else { return isEmpty ? [] : [self] }
        return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
