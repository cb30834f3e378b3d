internal import Codecs
public import Content
internal import HTTPClient
internal import HTTPMessage
public import HelmModel
public import OCIModel
internal import Posix

/// What tells whether an index has changed; to be kept with it and shown at the next request.
public struct IndexValidators: Sendable, Equatable {
    /// The entity tag as the server gave it.
    public var entityTag: String?
    /// The time of the last change as the server gave it.
    public var lastModified: String?
    /// The SHA-256 of the index's text, for servers that give neither.
    public var content: Digest?

    /// Builds validators.
    public init(entityTag: String? = nil, lastModified: String? = nil, content: Digest? = nil) {
        self.entityTag = entityTag
        self.lastModified = lastModified
        self.content = content
    }
}

/// What came of asking for an index.
public enum IndexAnswer: Sendable, Equatable {
    /// It is the one the validators are of; these may be newer.
    case notModified(IndexValidators)
    /// It is another one.
    case index(RepositoryIndex, IndexValidators)
}

/// What came of asking for a listing.
public enum ListingAnswer: Sendable, Equatable {
    /// It is the one the validators are of; these may be newer.
    case notModified(IndexValidators)
    /// It is another one.
    case listing(ChartListing, IndexValidators)
}

extension ChartRepositoryClient {
    /// What the repository's index lists and where, unless it is the one that is known already.
    ///
    /// As `index`, but what charts say of themselves is not read where the text is plain: many times faster.
    /// - Throws: as `index`.
    public func listing(unless known: IndexValidators? = nil) async throws(ContentError) -> ListingAnswer {
        let answer = try await fetch(unless: known) { text, limits throws(RepositoryIndexError) in
            let isJSON = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
            let quick = isJSON ? JSONIndexScan.listing(of: text, limits) : IndexScan.listing(of: text, limits)
            if let quick { return quick }
            return ChartListing(try RepositoryIndex(parsing: text, limits))
        }
        switch answer {
        case .same(let validators): return .notModified(validators)
        case .other(let listing, let validators): return .listing(listing, validators)
        }
    }

    /// The repository's index, unless it is the one that is known already.
    ///
    /// One GET, conditional when validators are given, compressed when the server offers it; a body that breaks off is
    /// asked for again. The text and what it lists are in memory at once, a tree of it never.
    /// - Throws: `.nameUnknown` when there is none, `.unauthorized`, `.denied`, `.rateLimited`, `.tooLarge` beyond the
    ///   limits, `.unavailable` when it cannot be had, or is no index.
    public func index(unless known: IndexValidators? = nil) async throws(ContentError) -> IndexAnswer {
        let answer = try await fetch(unless: known) { text, limits throws(RepositoryIndexError) in
            try RepositoryIndex(parsing: text, limits)
        }
        switch answer {
        case .same(let validators): return .notModified(validators)
        case .other(let index, let validators): return .index(index, validators)
        }
    }

    /// Something that was read out of an index, unless the index is the one that is known.
    private enum Fetched<Value: Sendable>: Sendable {
        case same(IndexValidators)
        case other(Value, IndexValidators)
    }

    private func fetch<Value: Sendable>(
        unless known: IndexValidators?,
        _ parse: @escaping @Sendable ([UInt8], RepositoryIndexLimits) throws(RepositoryIndexError) -> Value
    ) async throws(ContentError) -> Fetched<Value> {
        let file = file(.index)
        let deadline = transport.deadline
        var attempt = 1
        while true {
            let response = try await askForIndex(known, file, until: deadline)
            let validators = IndexValidators(
                entityTag: response.headers.values("ETag").first,
                lastModified: response.headers.values("Last-Modified").first)
            if response.status == .notModified, let known {
                return .same(
                    IndexValidators(
                        entityTag: validators.entityTag ?? known.entityTag,
                        lastModified: validators.lastModified ?? known.lastModified, content: known.content))
            }
            guard response.status == .ok else {
                throw failure(response, file)
            }
            let answer: Result<Fetched<Value>, ContentError>
            do throws(HTTPClientError) {
                answer = try await read(response, validators, known, file, parse)
            } catch {
                guard await mayRepeat(after: attempt, error, until: deadline) else { throw file.error(error) }
                attempt += 1
                continue
            }
            return try answer.get()
        }
    }

    private func askForIndex(
        _ known: IndexValidators?, _ file: AskedFile, until deadline: ContinuousClock.Instant?
    ) async throws(ContentError) -> HTTPClientResponse {
        let url: HTTPURL
        do {
            url = try source.url(of: "index.yaml")
        } catch {
            throw file.error(error)
        }
        var headers = HeaderFields([("Accept-Encoding", "gzip")])
        if let tag = known?.entityTag { headers.append("If-None-Match", tag) }
        if let time = known?.lastModified { headers.append("If-Modified-Since", time) }
        return try await transport.get(
            RepositoryTransport.Call(
                url: url, headers: headers, maximumResponseBytes: Int64(options.indexLimits.bytes), file: file,
                deadline: deadline))
    }

    /// Reads the body and what it lists; throws only what ends a body early.
    private func read<Value: Sendable>(
        _ response: HTTPClientResponse, _ validators: IndexValidators, _ known: IndexValidators?, _ file: AskedFile,
        _ parse: @escaping @Sendable ([UInt8], RepositoryIndexLimits) throws(RepositoryIndexError) -> Value
    ) async throws(HTTPClientError) -> Result<Fetched<Value>, ContentError> {
        let text: [UInt8]
        switch try await IndexBody.read(response, maximumBytes: options.indexLimits.bytes, file, transport.own) {
        case .success(let body): text = body
        case .failure(let error): return .failure(error)
        }
        var validators = validators
        validators.content = Digest(.sha256, hash: ContentHasher.hash(text.span, .sha256))
        if let content = known?.content, content == validators.content { return .success(.same(validators)) }
        let (limits, found) = (options.indexLimits, validators)
        return await onWorker { () -> Result<Fetched<Value>, ContentError> in
            do throws(RepositoryIndexError) {
                return .success(.other(try parse(text, limits), found))
            } catch {
                switch error {
                case .malformed: return .failure(.unavailable("\(file) cannot be read: \(error.description)"))
                case .tooManyEntries: return .failure(.tooLarge("\(file) is refused: \(error.description)"))
                }
            }
        }
    }

    private func onWorker<Answer: Sendable>(_ work: @Sendable () async -> Answer) async -> Answer {
        guard let worker = options.worker else { return await work() }
        return await withTaskExecutorPreference(worker) { await work() }
    }
}
