internal import Codecs
public import Content
public import HTTPMessage
public import HTTPServer
internal import OCIModel

/// How long an answer may be kept, by kind.
public enum CacheControl {
    /// Addressed by digest: it never changes.
    ///
    /// Not shared: whether one may read it is the server's to say.
    public static let byDigest = "private, max-age=31536000, immutable"
    /// Addressed by name: ask each time, with the entity tag.
    public static let byName = "private, no-cache"
}

extension Response {
    /// Bytes with a strong entity tag made from them, or 304 when the client has them.
    public static func tagged(
        _ bytes: [UInt8], type: String, headers extra: [(name: StaticString, value: String)] = [],
        for request: any Request
    ) -> Response {
        tagged(bytes, type: type, headers: extra, ifNoneMatch: request.header("If-None-Match"))
    }

    /// The same for a request that is not at hand any more.
    public static func tagged(
        _ bytes: [UInt8], type: String, headers extra: [(name: StaticString, value: String)] = [],
        ifNoneMatch wanted: String?
    ) -> Response {
        let hash = ContentHasher.hash(bytes.span, .sha256)
        let tag = Digest(.sha256, hash: hash).map { EntityTag(String($0.hex.prefix(32))) }
        var headers = extra + [("Cache-Control", CacheControl.byName)]
        if let tag { headers.append(("ETag", tag.fieldValue)) }
        if let tag, let wanted, tag.matches(ifNoneMatch: wanted) {
            return Response(.notModified, headers: headers)
        }
        headers.append(("Content-Type", type))
        return Response(.ok, headers: headers, body: .bytes(bytes))
    }
}

extension Face {
    /// A plan whose work throws what the error body says.
    public func perform(_ work: @escaping @Sendable () async throws(ContentError) -> Response) -> Plan {
        .perform { [self] in
            do throws(ContentError) { return try await work() } catch { return failure(error) }
        }
    }
}

extension Request {
    /// The query's items.
    ///
    /// - Throws: `.parameterInvalid`.
    public func queryItems() throws(ContentError) -> QueryItems {
        guard let items = QueryItems(parsing: rawQuery) else {
            throw .parameterInvalid("the query is malformed or has more than \(QueryItems.maximumCount) items")
        }
        return items
    }
}
