internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel
internal import RemoteRegistry

/// Requests to a ChartMuseum about one thing, which every error names.
struct MuseumCall: Sendable {
    struct Answer: Sendable {
        var status: Int
        var headers: HeaderFields
        var body: [UInt8]
    }

    /// More than a version's object, or an error, is ever: 1 MiB.
    private static let maximumAnswerBytes = 1 << 20

    let subject: String
    private let client: ChartMuseumClient

    init(subject: String, _ client: ChartMuseumClient) {
        self.subject = subject
        self.client = client
    }

    /// The thing, and where.
    var described: String { "\(subject) at \(client.source.name)" }

    /// The answer, whatever its status; redirects are not followed, since what is sent might go astray.
    ///
    /// Every request may be sent twice: the caller sees by the digest whether a conflict is with itself.
    func send(
        _ method: HTTPMethod, _ path: String, query: String? = nil, type: String? = nil, body: [UInt8]? = nil
    ) async throws(ContentError) -> Answer {
        let source = client.source
        do throws(HTTPClientError) {
            let queries = [source.url.query, query].compactMap { $0 }.joined(separator: "&")
            let url = try HTTPURL(
                parsing: "\(source.url.origin.scheme.rawValue)://\(source.url.authority)\(path)"
                    + (queries.isEmpty ? "" : "?" + queries))
            var request = HTTPClientRequest(method, url, body: body)
            if let type { request.headers.append("Content-Type", type) }
            if let authorization = try authorization(for: url).get() {
                request.headers.append("Authorization", authorization.revealed)
            }
            request.redirects = .none
            request.deadlines = client.deadlines
            request.maximumResponseBytes = Int64(MuseumCall.maximumAnswerBytes)
            let response = try await client.sender.send(request, isRepeatable: true)
            return Answer(
                status: response.status.rawValue, headers: response.headers,
                body: try await response.collect(maximumBytes: MuseumCall.maximumAnswerBytes))
        } catch {
            throw failure(error)
        }
    }

    /// A credential that cannot be shown is told when the request is made.
    private func authorization(for url: HTTPURL) -> Result<Secret?, HTTPClientError> {
        do throws(ContentError) {
            return .success(try client.source.authorization(for: url))
        } catch {
            return .failure(.requestInvalid(error.message))
        }
    }

    private func failure(_ error: HTTPClientError) -> ContentError {
        switch error {
        case .urlInvalid, .requestInvalid: .parameterInvalid("\(described): \(error.message)")
        case .responseTooLarge: .unavailable("\(described): \(error.message)")
        case .engineFailed: .internal("\(described): \(error.message)")
        case .hostBusy(let text, let delay): .rateLimited("\(described): \(text)", retryAfter: delay)
        case .hostNotFound, .connectFailed, .tlsFailed, .timedOut, .connectionLost, .responseInvalid, .redirectRefused,
            .addressRefused, .requestBodyFailed, .cancelled:
            .unavailable("\(described): \(error.message)")
        }
    }

    /// What a status that is no success means for the caller.
    func failure(_ answer: Answer) -> ContentError {
        var sentence = "\(described): \(client.source.url.authority) answered \(answer.status)"
        if let said = (try? JSONValue(parsing: answer.body))?["error"]?.string {
            sentence += " (\(AskedFile.printable(said)))"
        }
        switch answer.status {
        case 300..<400: return .unavailable(sentence + ", a redirect; give the address it leads to")
        case 400, 422: return .chartInvalid(sentence)
        case 401: return .unauthorized(sentence + "; give credentials for it")
        case 403: return .denied(sentence)
        case 404, 410: return .manifestUnknown(sentence)
        case 405: return .unsupported(sentence + "; the server does not offer this")
        case 409: return .conflict(sentence)
        case 413: return .tooLarge(sentence)
        case 429:
            let now = client.timing.wallSeconds()
            return .rateLimited(sentence, retryAfter: retryDelay(answer.headers, wallSeconds: now))
        case 507: return .storageFull(sentence)
        default: return .unavailable(sentence)
        }
    }
}

/// Files as `multipart/form-data` (RFC 7578).
struct MuseumForm {
    let contentType: String
    let bytes: [UInt8]

    init(_ files: [(field: String, name: String, bytes: [UInt8])]) {
        let boundary =
            "chartroom-" + String(UInt64.random(in: 0 ... .max), radix: 36)
            + String(UInt64.random(in: 0 ... .max), radix: 36)
        var all: [UInt8] = []
        for file in files {
            // Names of charts and their versions hold no quotes; another server need not be as strict.
            let name = file.name.filter { $0 != "\"" && $0 != "\r" && $0 != "\n" && $0 != "\r\n" }
            all +=
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(file.field)\"; filename=\"\(name)\"\r\n".utf8
            all += "Content-Type: application/octet-stream\r\n\r\n".utf8
            all += file.bytes
            all += "\r\n".utf8
        }
        all += "--\(boundary)--\r\n".utf8
        contentType = "multipart/form-data; boundary=" + boundary
        bytes = all
    }
}
