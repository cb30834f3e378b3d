public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

/// Whether a tag still names the manifest that is known.
public enum ManifestCheck: Sendable, Equatable {
    /// It does.
    case same
    /// It names another one, or nothing was known; without a digest the registry did not say which, so ask for the
    /// manifest.
    case other(Digest?)
}

/// What came of knocking at a registry.
public enum RegistryPing: Sendable, Equatable {
    /// It is a registry and lets us in.
    ///
    /// One that lets everybody in here does not look at the credentials.
    case welcome
    /// It is a registry and does not take our credentials, or wants some; one sentence.
    case refused(String)
    /// Whatever answers there is no registry; one sentence.
    case stranger(String)
}

extension RegistryClient {
    /// Asks which manifest a tag names, without the manifest.
    ///
    /// One conditional HEAD; a registry that takes none is sent a GET.
    /// - Throws: `.manifestUnknown` or `.nameUnknown` when there is none, `.unauthorized`, `.denied`, `.rateLimited`,
    ///   `.unavailable`.
    public func manifestDigest(
        _ tag: Tag, in repository: RepositoryName, unless known: Digest?
    ) async throws(ContentError) -> ManifestCheck {
        var call = RegistryCall(
            method: .head, url: try manifestURL(.tag(tag), repository), scope: .pull(repository),
            object: .manifest(.tag(tag), repository))
        call.headers.append("Accept", RegistryClient.manifestTypes)
        if let known { call.headers.append("If-None-Match", "\"\(known)\"") }
        let response = try await transport.send(call)
        let named = response.headers["Docker-Content-Digest"].flatMap { try? Digest(parsing: $0) }
        switch response.status.rawValue {
        case 304 where known != nil: return named == nil || named == known ? .same : .other(named)
        case 200..<300: return named != nil && named == known ? .same : .other(named)
        case 405, 501:
            response.cancel()
            let digest = try await manifest(.tag(tag), in: repository).digest
            return digest == known ? .same : .other(digest)
        default: throw await transport.failure(response).error(about: call.object)
        }
    }

    /// Asks whether there is a registry and whether it lets us in.
    ///
    /// One GET of `/v2/`, and what it takes to log in.
    /// - Throws: `.unavailable` when it cannot be reached or fails, `.rateLimited`.
    public func ping() async throws(ContentError) -> RegistryPing {
        var call = RegistryCall(method: .get, url: try endpoint.url("/v2/"), scope: .nothing, object: .catalog)
        call.maximumResponseBytes = 1 << 20
        let response: HTTPClientResponse
        do throws(ContentError) {
            response = try await transport.send(call)
        } catch .unauthorized(let message) {
            return .refused(message)
        }
        let speaksVersion = response.headers["Docker-Distribution-Api-Version"] != nil
        let isHTML = response.headers["Content-Type"]?.lowercased().hasPrefix("text/html") == true
        switch response.status.rawValue {
        case 200..<300 where speaksVersion || !isHTML:
            response.cancel()
            return .welcome
        case 401 where speaksVersion || response.headers["WWW-Authenticate"] != nil, 403 where speaksVersion:
            response.cancel()
            return .refused("\(endpoint.name) answered \(response.status.rawValue); give credentials for it")
        case 429, 500...: throw await transport.failure(response).error(about: call.object)
        default:
            response.cancel()
            return .stranger(
                "\(endpoint.name) answered \(response.status.rawValue) at /v2/ as no registry does; check the address")
        }
    }
}
