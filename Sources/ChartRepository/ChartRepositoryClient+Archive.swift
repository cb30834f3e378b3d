public import Content
public import HTTPClient
internal import HTTPMessage
public import HelmModel
public import OCIModel

/// An archive that was handed on whole.
public struct FetchedArchive: Sendable, Equatable {
    /// The SHA-256 of its bytes.
    public var digest: Digest
    /// Its size in bytes.
    public var byteCount: Int64
    /// Whether the index gave the digest; else nobody can tell whether these are the right bytes.
    public var isVerified: Bool

    /// Builds it.
    public init(digest: Digest, byteCount: Int64, isVerified: Bool) {
        self.digest = digest
        self.byteCount = byteCount
        self.isVerified = isVerified
    }
}

/// What came of asking for an archive.
public enum ArchiveAnswer: Sendable, Equatable {
    /// It was handed on.
    case fetched(FetchedArchive)
    /// It is only to be had from a registry; the text is `oci://…` as the index has it.
    case inRegistry(String)
}

extension ChartRepositoryClient {
    /// Hands an archive on, in pieces of at most 256 KiB and in order.
    ///
    /// The entry's URLs are tried one after the other. The last piece is held back until the whole hashes to what the
    /// entry says, so what is handed on when this throws is never the whole. A connection that breaks is taken up where
    /// it broke when the entry has a digest to tell by. A body that throws ends the fetch with that error.
    /// - Throws: `.corrupt` naming both digests, `.manifestUnknown` when it is not there, `.unauthorized`, `.denied`
    ///   also for a host that is not allowed, `.rateLimited`, `.tooLarge`, `.unavailable`.
    public func archive(
        of entry: RepositoryIndexEntry, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) -> ArchiveAnswer {
        try await archive(of: entry, head: { _ in }, body)
    }

    /// The same, saying first how large the archive is as a whole.
    ///
    /// `head` is called once, just before the first piece; nil when the server does not say how large it is. What is
    /// handed on is never more than was announced.
    /// - Throws: as the other; `.corrupt` also for more bytes than announced; what `head` throws.
    public func archive(
        of entry: RepositoryIndexEntry, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) -> ArchiveAnswer {
        let file = file(.archive(entry))
        guard !entry.urls.isEmpty else { throw .manifestUnknown("\(file): the index names no URL for it") }
        var delivery = ArchiveDelivery(expected: entry.archive, maximumBytes: options.maximumArchiveBytes, file: file)
        delivery.deadline = transport.deadline
        var failure: ContentError?
        var registry: String?
        for reference in entry.urls {
            switch location(of: reference, file) {
            case .success(.registry(let text)): registry = registry ?? text
            case .success(.http(let url)):
                switch await fetch(url, &delivery, file, head, body) {
                case .whole(let digest):
                    return .fetched(
                        FetchedArchive(
                            digest: digest, byteCount: delivery.byteCount, isVerified: entry.archive != nil))
                case .failed(let error):
                    failure = failure ?? error
                    guard delivery.mayGoOn else { throw error }
                case .ended(let error): throw error
                }
            case .failure(let error): failure = failure ?? error
            }
        }
        if let registry, !delivery.hasHandedOn { return .inRegistry(registry) }
        throw failure ?? .manifestUnknown("\(file): the index names no URL for it")
    }

    /// Where the first usable URL of an entry leads; nothing is asked of anybody.
    ///
    /// - Throws: `.manifestUnknown` without a URL, `.parameterInvalid` for one that is none.
    public func location(of entry: RepositoryIndexEntry) throws(ContentError) -> ChartLocation {
        let file = file(.archive(entry))
        guard let first = entry.urls.first else { throw .manifestUnknown("\(file): the index names no URL for it") }
        return try location(of: first, file).get()
    }

    /// Where a registry may lie that the index names, at `host[:port]`: anywhere when the configuration names it or it is
    /// the repository's own host, else no nearer than the repository.
    ///
    /// May knock at the repository to know where that is.
    public func addresses(ofRegistry host: String) async -> HTTPAddressPolicy {
        guard let url = try? HTTPURL(parsing: "https://\(host)/") else { return .upTo(.global) }
        return await transport.addresses(for: url, until: transport.deadline)
    }

    func location(of reference: String, _ file: AskedFile) -> Result<ChartLocation, ContentError> {
        do {
            return .success(try source.location(of: reference))
        } catch {
            return .failure(
                .unavailable("\(file): the index gives a bad URL, \(AskedFile.printable(error.message))"))
        }
    }

    /// What came of one URL.
    private enum Outcome {
        case whole(Digest)
        /// Another URL may do better.
        case failed(ContentError)
        /// The body threw: nobody wants the rest.
        case ended(ContentError)
    }

    private func fetch(
        _ url: HTTPURL, _ delivery: inout ArchiveDelivery, _ file: AskedFile,
        _ head: (Int64?) async throws(ContentError) -> Void, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async -> Outcome {
        guard url.origin.scheme == .https || source.url.origin.scheme == .http || delivery.isVerifying else {
            return .failed(
                .denied("\(file): it is offered by plain http and the index gives no digest to know it by"))
        }
        var attempt = 1
        while true {
            let response: HTTPClientResponse
            do throws(ContentError) {
                response = try await open(url, delivery, file)
            } catch {
                return .failed(error)
            }
            do throws(HTTPClientError) {
                switch try await delivery.take(response, transport.own, head: head, body) {
                case .whole(let digest): return .whole(digest)
                case .wrong(let error): return .failed(error)
                case .refused(let error): return .ended(error)
                }
            } catch {
                guard delivery.mayGoOn, await mayRepeat(after: attempt, error, until: delivery.deadlineOfNext) else {
                    return .failed(file.error(error))
                }
                attempt += 1
            }
        }
    }

    private func open(
        _ url: HTTPURL, _ delivery: ArchiveDelivery, _ file: AskedFile
    ) async throws(ContentError) -> HTTPClientResponse {
        let offset = delivery.nextOffset
        var call = RepositoryTransport.Call(
            url: url, headers: HeaderFields([("Accept", "application/gzip,application/octet-stream")]),
            maximumResponseBytes: options.maximumArchiveBytes, file: file, deadline: delivery.deadlineOfNext)
        if offset > 0 { call.headers.append("Range", "bytes=\(offset)-") }
        let response = try await transport.get(call)
        switch response.status {
        case .ok: return response
        case .partialContent where offset > 0:
            let range = response.headers["Content-Range"].flatMap { ContentRange(parsing: $0) }
            guard case .part(let bytes, _)? = range, bytes.lowerBound == offset else {
                throw .unavailable("\(file): \(response.url.authority) sent another range than asked for")
            }
            return response
        default: throw failure(response, file)
        }
    }
}
