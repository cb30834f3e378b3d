internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// What a request was about, so that a bare status can be told apart.
enum AskedObject: Sendable, CustomStringConvertible {
    case blob(Digest, RepositoryName)
    case manifest(ManifestReference, RepositoryName)
    case repository(RepositoryName)
    case upload(RepositoryName)
    case catalog
    case charts
    case upstreams
    case mirrors

    var description: String {
        switch self {
        case .blob(let digest, let repository): "blob \(digest) of \(repository)"
        case .manifest(.tag(let tag), let repository): "\(repository):\(tag)"
        case .manifest(.digest(let digest), let repository): "\(repository)@\(digest)"
        case .repository(let repository): "repository \(repository)"
        case .upload(let repository): "the upload to \(repository)"
        case .catalog: "the catalog"
        case .charts: "its list of charts"
        case .upstreams: "its upstreams"
        case .mirrors: "its mirrors"
        }
    }
}

/// A response that is no success, with its body `{"errors":[{"code","message","detail"}]}` read.
struct RegistryFailure: Sendable {
    /// One entry of the body.
    struct Entry: Sendable {
        var code: OCIErrorCode?
        var message: String
        var digests: [Digest]
    }

    let registry: String
    let status: HTTPStatus
    let entries: [Entry]
    let retryAfter: Duration?
    let contentLength: Int64?

    /// The most bytes of an error body that are read.
    private static let maximumBodyBytes = 64 << 10

    /// Reads the body; one that cannot be read, is too large or is no JSON gives no entries.
    init(_ response: HTTPClientResponse, from registry: String, wallSeconds: Int64) async {
        self.registry = registry
        status = response.status
        retryAfter = retryDelay(response.headers, wallSeconds: wallSeconds)
        if case .unsatisfiable(let length)? = response.headers["Content-Range"].flatMap({ ContentRange(parsing: $0) }) {
            contentLength = length
        } else {
            contentLength = nil
        }
        let body = (try? await response.collect(maximumBytes: RegistryFailure.maximumBodyBytes)) ?? []
        let tree = body.isEmpty ? nil : try? JSONValue(parsing: body)
        let listed = (tree?["errors"]?.array ?? []).prefix(1000).map { entry in
            Entry(
                code: entry["code"]?.string.flatMap { OCIErrorCode(rawValue: $0) },
                message: RegistryFailure.printable(entry["message"]?.string ?? ""),
                digests: RegistryFailure.digests(entry["detail"]))
        }
        // The classic half of a server answers as ChartMuseum does: `{"error":"<text>"}`.
        let said = tree?["error"]?.string.map {
            [Entry(code: nil, message: RegistryFailure.printable($0), digests: [])]
        }
        entries = listed.isEmpty ? said ?? [] : Array(listed)
    }
}

extension RegistryFailure {
    /// Whether the other side speaks as a registry about content; a bare 404 says that the path is not served at all.
    var isFromRegistry: Bool { entries.contains { $0.code != nil } }

    /// Whether it means that the path or method is not offered there.
    var isMissingFeature: Bool {
        switch status {
        case .notFound: !isFromRegistry
        case .methodNotAllowed, HTTPStatus(rawValue: 501): true
        default: entries.contains { $0.code == .unsupported } && status == .badRequest
        }
    }

    /// The error for the caller: by the registry's code where there is one that fits, else by the status.
    func error(about object: AskedObject) -> ContentError {
        let sentence = sentence(about: object)
        if status == .tooManyRequests { return .rateLimited(sentence, retryAfter: retryAfter) }
        if let code = entries.lazy.compactMap(\.code).first { return error(code, sentence, object) }
        return error(byStatus: sentence, object)
    }

    private func error(_ code: OCIErrorCode, _ sentence: String, _ object: AskedObject) -> ContentError {
        switch code {
        case .blobUnknown: .blobUnknown(sentence)
        case .blobUploadInvalid: .uploadInvalid(sentence)
        case .blobUploadUnknown: .uploadUnknown(sentence)
        case .digestInvalid: .digestInvalid(sentence)
        case .manifestBlobUnknown: .referencesMissing(sentence, missingDigests)
        case .manifestInvalid: .manifestInvalid(sentence)
        case .manifestUnknown: .manifestUnknown(sentence)
        case .nameInvalid: .nameInvalid(sentence)
        case .nameUnknown: .nameUnknown(sentence)
        case .sizeInvalid: status == .contentTooLarge ? .tooLarge(sentence) : .sizeInvalid(sentence)
        case .unauthorized: status == .forbidden ? .denied(sentence) : .unauthorized(sentence)
        case .denied: status == .unauthorized ? .unauthorized(sentence) : .denied(sentence)
        case .unsupported: .unsupported(sentence)
        case .tooManyRequests: .rateLimited(sentence, retryAfter: retryAfter)
        }
    }

    private func error(byStatus sentence: String, _ object: AskedObject) -> ContentError {
        switch status.rawValue {
        case 401: .unauthorized(sentence + "; log in with credentials for it")
        case 403: .denied(sentence)
        case 404: unknown(object, sentence)
        case 405, 501: .unsupported(sentence)
        case 409: if case .mirrors = object { .conflict(sentence) } else { .parameterInvalid(sentence) }
        case 413: .tooLarge(sentence)
        case 416: contentLength.map { .rangeInvalid(sentence, length: $0) } ?? .uploadInvalid(sentence)
        case 507: .storageFull(sentence)
        case 400..<500: .parameterInvalid(sentence)
        default: .unavailable(sentence)
        }
    }

    private func unknown(_ object: AskedObject, _ sentence: String) -> ContentError {
        switch object {
        case .blob: .blobUnknown(sentence)
        case .manifest: .manifestUnknown(sentence)
        case .repository: .nameUnknown(sentence)
        case .upload: .uploadUnknown(sentence)
        case .catalog: .unsupported(sentence)
        case .charts: .unsupported(sentence + "; only a Chartroom lists and searches charts")
        case .upstreams:
            entries.isEmpty ? .unsupported(sentence + "; only a Chartroom has upstreams") : .nameUnknown(sentence)
        case .mirrors:
            entries.isEmpty ? .unsupported(sentence + "; only a Chartroom runs mirrors") : .nameUnknown(sentence)
        }
    }

    private var missingDigests: [Digest] {
        var seen: Set<Digest> = []
        return entries.filter { $0.code == .manifestBlobUnknown }.flatMap(\.digests).filter { seen.insert($0).inserted }
    }

    private func sentence(about object: AskedObject) -> String {
        let said = entries.lazy.map(\.message).first { !$0.isEmpty }
        return "\(registry) answered \(status.rawValue) for \(object)" + (said.map { ": " + $0 } ?? "")
    }

    /// Digests where registries put them: a digest, an object with one, or a list of these.
    private static func digests(_ detail: JSONValue?) -> [Digest] {
        if let list = detail?.array { return list.prefix(Manifest.maximumReferences).flatMap { digests($0) } }
        let text = detail?.string ?? detail?["digest"]?.string ?? detail?["Digest"]?.string
        guard let text, let digest = try? Digest(parsing: text) else { return [] }
        return [digest]
    }

    /// Text from outside for a message: at most 300 characters in one line.
    private static func printable(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(300).map { scalar in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? " " : Character(scalar)
        }
        return String(shown) + (text.unicodeScalars.count > 300 ? "…" : "")
    }
}
