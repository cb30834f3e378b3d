internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import RemoteRegistry
internal import Synchronization

/// Sends the GETs of one repository: decides who may be asked and what is shown to whom.
///
/// Redirects are followed here, not by the HTTP client, since each may lead to a host that is not allowed, or to one
/// that must see neither the credential nor the client's certificate.
struct RepositoryTransport: Sendable {
    /// A request before redirects.
    struct Call: Sendable {
        var url: HTTPURL
        var headers = HeaderFields()
        var maximumResponseBytes: Int64
        var file: AskedFile
        /// When the answer must be there.
        var deadline: ContinuousClock.Instant?
    }

    /// Where the repository lies, once it has answered.
    final class OwnAddress: Sendable {
        private let known = Mutex<HTTPAddressKind?>(nil)

        var kind: HTTPAddressKind? { known.withLock { $0 } }

        func note(_ kind: HTTPAddressKind?) {
            if let kind { known.withLock { $0 = kind } }
        }
    }

    let source: ChartRepositorySource
    /// For the repository's own origin.
    let own: RetryingSender
    /// For every other.
    let foreign: RetryingSender
    let deadlines: HTTPDeadlines
    let maximumRedirects: Int
    /// Where the repository itself may lie.
    let ownAddresses: HTTPAddressPolicy
    let ownAddress = OwnAddress()

    /// When what begins now must have its answer.
    var deadline: ContinuousClock.Instant? { own.deadline }

    /// The response that is no redirect, whatever its status.
    func get(_ call: Call) async throws(ContentError) -> HTTPClientResponse {
        var call = call
        call.deadline = call.deadline ?? deadline
        var url = call.url
        var followed = 0
        while true {
            try check(url, call.file)
            let response = try await send(call, to: url)
            guard [301, 302, 303, 307, 308].contains(response.status.rawValue),
                let location = response.headers.values("Location").first
            else { return response }
            response.cancel()
            followed += 1
            guard followed <= maximumRedirects else {
                throw .unavailable("\(call.file): it was redirected more than \(maximumRedirects) times")
            }
            url = try target(of: location, from: url, call.file)
        }
    }

    /// - Throws: `.denied` when the configuration does not allow the host.
    func check(_ url: HTTPURL, _ file: AskedFile) throws(ContentError) {
        guard source.allowedHosts.allows(url, from: source.url) else {
            throw .denied(
                "\(file): it lies on \(url.authority), which is not contacted; to allow it, name it in the option "
                    + "allowedHosts of the repository")
        }
    }

    private func target(of location: String, from url: HTTPURL, _ file: AskedFile) throws(ContentError) -> HTTPURL {
        let target: HTTPURL
        do {
            target = try url.resolving(location)
        } catch {
            throw .unavailable("\(file): \(url.authority) redirects to a bad URL: \(error.message)")
        }
        guard target.origin.scheme == .https || url.origin.scheme == .http else {
            throw .unavailable("\(file): \(url.authority) redirects from https to http, which is not followed")
        }
        return target
    }

    private func send(_ call: Call, to url: HTTPURL) async throws(ContentError) -> HTTPClientResponse {
        var request = HTTPClientRequest(.get, url, headers: call.headers)
        if let authorization = try source.authorization(for: url) {
            request.headers.append("Authorization", authorization.revealed)
        }
        request.redirects = .none
        request.deadlines = deadlines
        request.addresses = await addresses(for: url, until: call.deadline)
        request.maximumResponseBytes = call.maximumResponseBytes
        do {
            let sender = url.origin == source.url.origin ? own : foreign
            let response = try await sender.send(request, isRepeatable: true, until: call.deadline)
            if url.origin.host == source.url.origin.host { ownAddress.note(response.firstAddress) }
            return response
        } catch {
            throw call.file.error(error)
        }
    }

    /// Which addresses a host may have: any when it is the repository's own or the configuration names it, else none
    /// nearer than the repository's.
    func addresses(for url: HTTPURL, until deadline: ContinuousClock.Instant?) async -> HTTPAddressPolicy {
        if url.origin.host == source.url.origin.host { return ownAddresses }
        if source.allowedHosts.names(url) { return .any }
        if let kind = HTTPAddressKind(host: source.url.origin.host) ?? ownAddress.kind { return .upTo(kind) }
        // The repository was not asked for anything yet: any answer tells where it lies.
        var knock = HTTPClientRequest(.head, source.url)
        knock.redirects = .none
        knock.deadlines = deadlines
        knock.addresses = ownAddresses
        do throws(HTTPClientError) {
            ownAddress.note(try await own.send(knock, isRepeatable: true, until: deadline).firstAddress)
        } catch {
            // Then what is nearest to be allowed stays unknown, and only what is far is.
        }
        return .upTo(ownAddress.kind ?? .global)
    }
}
