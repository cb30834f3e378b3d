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
        guard start >= 0 else { throw .rangeInvalid("a blob cannot be read from byte \(start)", length: 0) }
        var reading = BlobReading(digest: digest, repository: repository, start: start)
        var failures = 0
        while true {
            let before = reading.offset
            guard let failure = try await readOn(&reading, body) else { break }
            failures = reading.offset > before ? 1 : failures + 1
            guard failure.isTransient, failures < options.retry.maximumAttempts else {
                throw ContentError(failure, registry: endpoint.name)
            }
            await options.timing.sleep(options.retry.pause(before: failures + 1, random: options.timing.random()))
        }
        try reading.verify(endpoint.name)
    }

    /// Reads until the end, or until the connection breaks: then gives why.
    private func readOn(
        _ reading: inout BlobReading, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) -> HTTPClientError? {
        guard let response = try await open(reading) else { return nil }
        var toSkip = response.status == .partialContent ? 0 : reading.offset
        while true {
            let next: [UInt8]?
            do {
                next = try await response.next()
            } catch {
                return error
            }
            guard let received = next else { break }
            let piece = toSkip == 0 ? received : Array(received.dropFirst(Int(min(toSkip, Int64(received.count)))))
            toSkip -= Int64(received.count - piece.count)
            for part in piece.parts(of: 262_144) {
                reading.take(part)
                try await body(part)
            }
        }
        guard toSkip == 0 else {
            let length = reading.offset - toSkip
            throw .rangeInvalid("\(reading.object) has \(length) bytes, none from \(reading.offset)", length: length)
        }
        return nil
    }

    /// Asks for the bytes from where the reading stands; nil when there are none because it stands at the end.
    private func open(_ reading: BlobReading) async throws(ContentError) -> HTTPClientResponse? {
        var call = RegistryCall(
            method: .get, url: try blobURL(reading.digest, reading.repository), scope: .pull(reading.repository),
            object: .blob(reading.digest, reading.repository))
        if reading.offset > 0 { call.headers.append("Range", "bytes=\(reading.offset)-") }
        let response = try await transport.send(call)
        switch response.status {
        case .ok: return response
        case .partialContent where reading.offset > 0:
            let range = response.headers["Content-Range"].flatMap { ContentRange(parsing: $0) }
            guard case .part(let bytes, _)? = range, bytes.lowerBound == reading.offset else {
                throw .unavailable("\(endpoint.name) sent another range of \(reading.object) than asked for")
            }
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
            return nil
        default: throw await transport.failure(response).error(about: reading.object)
        }
    }
}

/// How far the reading of a blob is.
private struct BlobReading {
    let digest: Digest
    let repository: RepositoryName
    private(set) var offset: Int64
    /// Nil for a reading from the middle, which cannot be verified.
    private let hasher: ContentHasher?

    init(digest: Digest, repository: RepositoryName, start: Int64) {
        self.digest = digest
        self.repository = repository
        offset = start
        hasher = start == 0 ? ContentHasher(digest.algorithm.function) : nil
    }

    var object: AskedObject { .blob(digest, repository) }

    mutating func take(_ piece: [UInt8]) {
        hasher?.update(piece.span)
        offset += Int64(piece.count)
    }

    func verify(_ registry: String) throws(ContentError) {
        guard let hasher, Digest(digest.algorithm, hash: hasher.finish()) != digest else { return }
        throw .corrupt("\(registry) sent bytes for \(object) that do not hash to it")
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
