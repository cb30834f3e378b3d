import Content
import HTTPClient
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// A repository index as a client reads it.
struct ReadIndex {
    /// One version.
    struct Version: Hashable, Sendable {
        var name: String
        var version: String
        var digest: String
        var path: String
    }

    let tag: String
    let bytes: [UInt8]
    /// In the index's order.
    let versions: [Version]

    /// Reads the JSON form.
    init(tag: String, _ bytes: [UInt8]) throws {
        self.tag = tag
        self.bytes = bytes
        let entries = try #require(try JSONValue(parsing: bytes)["entries"]?.members)
        versions = try entries.flatMap { name, versions in
            try #require(versions.array).map { entry in
                #expect(entry["name"]?.string == name)
                return Version(
                    name: name, version: try #require(entry["version"]?.string),
                    digest: try #require(entry["digest"]?.string),
                    path: try #require(entry["urls"]?.array?.first?.string))
            }
        }
    }
}

/// The classic door, as curl and `helm cm-push` use it.
extension Web {
    /// Uploads an archive: raw, or with provenance or when asked as a form.
    func upload(
        _ archive: [UInt8], to namespace: String, provenance: [UInt8]? = nil, asForm: Bool = false,
        query: String = "", _ fields: [(name: String, value: String)] = []
    ) async throws -> (status: Int, text: String) {
        let path = "/api/charts/\(namespace)/charts\(query)"
        guard asForm || provenance != nil else {
            let answer = try await send(.post, path, body: archive, fields)
            return (answer.status, String(decoding: answer.body, as: UTF8.self))
        }
        var body = Web.part("chart", archive)
        if let provenance { body += Web.part("prov", provenance) }
        body += "--\(Web.boundary)--\r\n".utf8
        let type = (name: "Content-Type", value: "multipart/form-data; boundary=\(Web.boundary)")
        let answer = try await send(.post, path, body: body, fields + [type])
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    private static let boundary = "0123456789abcdef-chartroom"

    private static func part(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        let disposition = "Content-Disposition: form-data; name=\"\(name)\"; filename=\"\(name).tgz\""
        return "--\(boundary)\r\n\(disposition)\r\nContent-Type: application/octet-stream\r\n\r\n".utf8 + bytes
            + "\r\n".utf8
    }

    /// The index of a repository in its JSON form.
    func index(_ namespace: String) async throws -> ReadIndex {
        let answer = try await send(.get, "/charts/\(namespace)/index.yaml")
        try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        return try ReadIndex(tag: answer.headers["ETag"] ?? "", answer.body)
    }

    /// Pushes a chart as a registry client does, whatever its archive holds.
    func push(_ chart: PackedChart, to repository: String, tag: String) async throws {
        for bytes in [chart.config, chart.archive] + (chart.provenance.map { [$0] } ?? []) {
            let started = try await send(.post, "/v2/\(repository)/blobs/uploads/")
            try #require(started.status == 202)
            let ended = try await send(
                .put, (started.headers["Location"] ?? "") + "?digest=\(Digest(of: bytes))", body: bytes)
            try #require(ended.status == 201, "\(String(decoding: ended.body, as: UTF8.self))")
        }
        let put = try await send(
            .put, "/v2/\(repository)/manifests/\(tag)", body: chart.manifest.bytes,
            [("Content-Type", "\(MediaType.ociManifest)")])
        try #require(put.status == 201, "\(String(decoding: put.body, as: UTF8.self))")
    }
}

extension JSONValue {
    /// The same for the same content, whatever the order of members.
    var canonical: JSONValue {
        switch self {
        case .array(let values): .array(values.map(\.canonical))
        case .object(let members):
            .object(members.map { ($0.0, $0.1.canonical) }.sorted { $0.0 < $1.0 })
        default: self
        }
    }
}
