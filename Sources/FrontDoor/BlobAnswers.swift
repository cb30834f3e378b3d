public import Content
internal import HTTPMessage
public import HTTPServer

extension Response {
    /// An open blob or a part of it, straight from its file; 304 when the client has it.
    ///
    /// - Throws: `.rangeInvalid`.
    public static func blob(
        _ blob: any OpenBlob, tag: String, type: String, cache: String = CacheControl.byDigest,
        headers extra: [(name: StaticString, value: String)] = [],
        for request: any Request
    ) throws(ContentError) -> Response {
        try part(of: blob.size, tag: tag, type: type, cache: cache, headers: extra, for: request) { offset, length in
            .file(BlobPart(blob, offset, length))
        }
    }

    /// The same of a blob that may still be on its way: the size is known, so it has the same ranges.
    ///
    /// Without a tag nothing is said of its identity, and no condition is met.
    /// - Throws: `.rangeInvalid`.
    public static func blob(
        _ found: FoundBlob, tag: String?, type: String, cache: String = CacheControl.byDigest,
        headers extra: [(name: StaticString, value: String)] = [],
        for request: any Request
    ) throws(ContentError) -> Response {
        switch found {
        case .whole(let blob):
            try part(of: blob.size, tag: tag, type: type, cache: cache, headers: extra, for: request) {
                .file(BlobPart(blob, $0, $1))
            }
        case .growing(let blob):
            try part(of: blob.size, tag: tag, type: type, cache: cache, headers: extra, for: request) {
                .growing(GrowingPart(blob, $0, $1))
            }
        }
    }

    /// The answer with a body made from offset and length.
    private static func part(
        of size: Int64, tag: String?, type: String, cache: String,
        headers extra: [(name: StaticString, value: String)], for request: any Request,
        _ body: (Int64, Int64) -> Body
    ) throws(ContentError) -> Response {
        let entityTag = tag.map { "\"\($0)\"" }
        var headers = extra
        if let entityTag { headers.append(("ETag", entityTag)) }
        headers.append(("Cache-Control", cache))
        headers.append(("Accept-Ranges", "bytes"))
        if let tag, let wanted = request.header("If-None-Match"), EntityTag(tag).matches(ifNoneMatch: wanted) {
            return Response(.notModified, headers: headers)
        }
        headers.append(("Content-Type", type))
        switch range(request, entityTag).resolve(length: size) {
        case .whole:
            return Response(.ok, headers: headers, body: body(0, size))
        case .part(let bytes):
            headers.append(("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(size)"))
            return Response(
                .partialContent, headers: headers, body: body(bytes.lowerBound, bytes.upperBound - bytes.lowerBound))
        case .unsatisfiable:
            let name = tag.map { "blob \($0)" } ?? "the file"
            throw .rangeInvalid("\(name) has \(size) bytes, none of them in the range asked for", length: size)
        }
    }

    /// `If-Range` with anything but this blob's tag asks for the whole blob (RFC 9110 section 13.1.5).
    private static func range(_ request: any Request, _ entityTag: String?) -> ByteRangeRequest {
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

/// A part of a growing blob on its way into a response.
final class GrowingPart: GrowingResponseBody {
    private let blob: any GrowingBlob
    let offset: Int64
    let length: Int64

    init(_ blob: any GrowingBlob, _ offset: Int64, _ length: Int64) {
        self.blob = blob
        self.offset = offset
        self.length = length
    }

    func takeDescriptor() -> Int32 { blob.takeDescriptor() }

    func growth(beyond position: Int64, _ wake: @escaping @Sendable () -> Void) -> ResponseGrowth {
        switch blob.growth(beyond: position, wake) {
        case .readable(let end): .readable(upTo: end)
        case .waiting: .waiting
        case .failed: .failed
        }
    }
}
