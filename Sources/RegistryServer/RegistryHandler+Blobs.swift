internal import Content
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension RegistryHandler {
    /// end-2: a blob or a part of it, from an open file.
    func blob(_ digest: Digest, in repository: RepositoryName, _ request: any Request) throws(ContentError) -> Response
    {
        let blob = try registry.findBlob(digest, in: repository)
        let text = digest.description
        let entityTag = "\"\(text)\""
        var headers: [(name: StaticString, value: String)] = [
            ("Docker-Content-Digest", text), ("ETag", entityTag), ("Cache-Control", CacheControl.byDigest),
            ("Accept-Ranges", "bytes"),
        ]
        if let wanted = request.header("If-None-Match"), EntityTag(text).matches(ifNoneMatch: wanted) {
            return Response(.notModified, headers: headers)
        }
        headers.append(("Content-Type", "application/octet-stream"))
        let range = RegistryHandler.range(request, entityTag)
        switch range.resolve(length: blob.size) {
        case .whole:
            return Response(.ok, headers: headers, body: .file(BlobPart(blob, 0, blob.size)))
        case .part(let bytes):
            headers.append(("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(blob.size)"))
            return Response(
                .partialContent, headers: headers,
                body: .file(BlobPart(blob, bytes.lowerBound, bytes.upperBound - bytes.lowerBound)))
        case .unsatisfiable:
            throw .rangeInvalid(
                "blob \(digest) has \(blob.size) bytes, none of them in the range asked for", length: blob.size)
        }
    }

    /// `If-Range` with anything but this blob's tag asks for the whole blob (RFC 9110 section 13.1.5).
    private static func range(_ request: any Request, _ entityTag: String) -> ByteRangeRequest {
        guard request.method == .get, let range = request.header("Range") else { return ByteRangeRequest(parsing: nil) }
        if let condition = request.header("If-Range"), condition != entityTag { return ByteRangeRequest(parsing: nil) }
        return ByteRangeRequest(parsing: range)
    }

    /// end-10: removes a blob from a repository.
    func deleteBlob(_ digest: Digest, in repository: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            try await registry.deleteBlob(digest, in: repository)
            return Response(.accepted)
        }
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
