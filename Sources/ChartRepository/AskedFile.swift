internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import HelmModel
internal import OCIModel
internal import RemoteRegistry

/// What a request was about: names repository and chart in every error.
struct AskedFile: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        case index
        case archive(RepositoryIndexEntry)
        case provenance(RepositoryIndexEntry)
    }

    let kind: Kind
    let repository: String

    var description: String {
        switch kind {
        case .index: "the index of \(repository)"
        case .archive(let entry): "chart \(AskedFile.name(entry)) of \(repository)"
        case .provenance(let entry): "the provenance of chart \(AskedFile.name(entry)) of \(repository)"
        }
    }

    private static func name(_ entry: RepositoryIndexEntry) -> String {
        printable(entry.name) + " " + printable(entry.version)
    }

    /// Text from outside for a message: at most 100 characters in one line.
    static func printable(_ text: String) -> String {
        String(OCIParseError.quote(text).dropFirst().dropLast())
    }

    /// What a failure of transport means for the caller.
    func error(_ error: HTTPClientError) -> ContentError {
        switch error {
        case .urlInvalid, .requestInvalid: .parameterInvalid("\(self): \(error.message)")
        case .responseTooLarge: .tooLarge("\(self): \(error.message)")
        case .engineFailed: .internal("\(self): \(error.message)")
        case .hostBusy(let text, let delay): .rateLimited("\(self): \(text)", retryAfter: delay)
        case .hostNotFound, .connectFailed, .tlsFailed, .timedOut, .connectionLost, .responseInvalid, .redirectRefused,
            .addressRefused, .requestBodyFailed, .cancelled:
            .unavailable("\(self): \(error.message)")
        }
    }

    /// What a status that is no success means for the caller.
    func error(_ response: HTTPClientResponse, wallSeconds: Int64) -> ContentError {
        let sentence = "\(self): \(response.url.authority) answered \(response.status.rawValue)"
        switch response.status.rawValue {
        case 401: return .unauthorized(sentence + "; give credentials for it")
        case 403: return .denied(sentence)
        case 404, 410:
            if case .index = kind { return .nameUnknown(sentence + "; there is no chart repository") }
            return .manifestUnknown(sentence)
        case 429:
            return .rateLimited(sentence, retryAfter: retryDelay(response.headers, wallSeconds: wallSeconds))
        default: return .unavailable(sentence)
        }
    }
}
