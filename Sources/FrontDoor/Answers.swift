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
        let hash = ContentHasher.hash(bytes.span, .sha256)
        let tag = Digest(.sha256, hash: hash).map { EntityTag(String($0.hex.prefix(32))) }
        var headers = extra + [("Cache-Control", CacheControl.byName)]
        if let tag { headers.append(("ETag", tag.fieldValue)) }
        if let tag, let wanted = request.header("If-None-Match"), tag.matches(ifNoneMatch: wanted) {
            return Response(.notModified, headers: headers)
        }
        headers.append(("Content-Type", type))
        return Response(.ok, headers: headers, body: .bytes(bytes))
    }

    /// An open blob or a part of it, straight from its file; 304 when the client has it.
    ///
    /// - Throws: `.rangeInvalid`.
    public static func blob(
        _ blob: any OpenBlob, tag: String, type: String, cache: String = CacheControl.byDigest,
        headers extra: [(name: StaticString, value: String)] = [],
        for request: any Request
    ) throws(ContentError) -> Response {
        let entityTag = "\"\(tag)\""
        var headers = extra
        headers.append(("ETag", entityTag))
        headers.append(("Cache-Control", cache))
        headers.append(("Accept-Ranges", "bytes"))
        if let wanted = request.header("If-None-Match"), EntityTag(tag).matches(ifNoneMatch: wanted) {
            return Response(.notModified, headers: headers)
        }
        headers.append(("Content-Type", type))
        switch range(request, entityTag).resolve(length: blob.size) {
        case .whole:
            return Response(.ok, headers: headers, body: .file(BlobPart(blob, 0, blob.size)))
        case .part(let bytes):
            headers.append(("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(blob.size)"))
            return Response(
                .partialContent, headers: headers,
                body: .file(BlobPart(blob, bytes.lowerBound, bytes.upperBound - bytes.lowerBound)))
        case .unsatisfiable:
            throw .rangeInvalid(
                "blob \(tag) has \(blob.size) bytes, none of them in the range asked for", length: blob.size)
        }
    }

    /// `If-Range` with anything but this blob's tag asks for the whole blob (RFC 9110 section 13.1.5).
    private static func range(_ request: any Request, _ entityTag: String) -> ByteRangeRequest {
        guard request.method == .get, let range = request.header("Range") else { return ByteRangeRequest(parsing: nil) }
        if let condition = request.header("If-Range"), condition != entityTag { return ByteRangeRequest(parsing: nil) }
        return ByteRangeRequest(parsing: range)
    }
}

/// A part of an open blob on its way into a response.
final class BlobPart: FileBody {
    private let blob: any OpenBlob
    let offset: Int64
    let length: Int64

    init(_ blob: any OpenBlob, _ offset: Int64, _ length: Int64) {
        self.blob = blob
        self.offset = offset
        self.length = length
    }

    func takeDescriptor() -> Int32 { blob.takeDescriptor() }
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
