package import BenchmarkSupport

extension HTTPRequest {
    /// What Helm accepts when it resolves a tag, in one line.
    package static let anyManifest =
        "application/vnd.docker.distribution.manifest.v2+json, "
        + "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, "
        + "application/vnd.oci.image.index.v1+json, application/vnd.oci.artifact.manifest.v1+json"
    package static let manifestType = "application/vnd.oci.image.manifest.v1+json"

    package static func manifest(_ method: String, _ repository: String, _ reference: String) -> HTTPRequest {
        HTTPRequest(method, "/v2/\(repository)/manifests/\(reference)", accept: anyManifest)
    }

    package static func blob(_ method: String, _ repository: String, _ digest: String) -> HTTPRequest {
        HTTPRequest(method, "/v2/\(repository)/blobs/\(digest)")
    }

    package static func beginUpload(_ repository: String) -> HTTPRequest {
        HTTPRequest("POST", "/v2/\(repository)/blobs/uploads/")
    }

    package static func putBlob(location: String, digest: String, body: [[UInt8]], repetitions: Int = 1) -> HTTPRequest
    {
        let escaped = digest.replacing(":", with: "%3A")
        let separator = location.contains("?") ? "&" : "?"
        return HTTPRequest(
            "PUT", "\(location)\(separator)digest=\(escaped)", body: body, type: "application/octet-stream",
            repetitions: repetitions)
    }

    package static func putManifest(_ repository: String, _ reference: String, _ manifest: [UInt8]) -> HTTPRequest {
        HTTPRequest("PUT", "/v2/\(repository)/manifests/\(reference)", body: [manifest], type: manifestType)
    }
}
