// Content: what every end of a transfer can do, as small protocols, and the one error they speak.
//
// Everything above this floor speaks Content, so the server, the command line and later operations do not know
// which end they talk to. Ends: the local store, a remote registry, the memory registry of the tests.

public import OCIModel

/// What went wrong with content, wherever it lives.
///
/// Cases say what is wrong; the message names the object.
public enum ContentError: Error, Sendable, Equatable {
    /// No such blob in the repository.
    case blobUnknown(String)
    /// No such manifest or tag in the repository.
    case manifestUnknown(String)
    /// No such repository.
    case nameUnknown(String)
    /// No such upload session: finished, cancelled, expired or never begun.
    case uploadUnknown(String)
    /// The upload cannot go on as asked.
    case uploadInvalid(String)
    /// A chunk does not begin where the session stands, in bytes.
    case chunkOutOfOrder(String, offset: Int64)
    /// The bytes do not hash to the digest, or the digest is malformed.
    case digestInvalid(String)
    /// The bytes are more or fewer than announced.
    case sizeInvalid(String)
    /// The manifest is no manifest.
    case manifestInvalid(String)
    /// The manifest names content the repository does not hold; all of it is listed.
    case referencesMissing(String, [Digest])
    /// An archive that is no chart, or a chart that cannot be stored as what it is.
    case chartInvalid(String)
    /// What would be written is there already, and differs or must not be replaced.
    case conflict(String)
    /// A malformed repository name.
    case nameInvalid(String)
    /// A malformed tag or other parameter.
    case parameterInvalid(String)
    /// No byte of the range exists; the content's length follows.
    case rangeInvalid(String, length: Int64)
    /// Larger than this store takes.
    case tooLarge(String)
    /// Credentials are missing or wrong.
    case unauthorized(String)
    /// The credentials do not allow it, or a lock forbids it.
    case denied(String)
    /// The operation is not offered, here or on this object.
    case unsupported(String)
    /// Too many requests; how long to wait when known.
    case rateLimited(String, retryAfter: Duration?)
    /// The other side cannot be reached or does not answer in time.
    case unavailable(String)
    /// This store cannot take more: the disk is full, read-only or failing.
    case storageFull(String)
    /// Stored bytes are not what they should be.
    case corrupt(String)
    /// A fault of Chartroom itself.
    case `internal`(String)

    /// The sentence for people: what, on which object, what to do.
    public var message: String {
        switch self {
        case .blobUnknown(let text), .manifestUnknown(let text), .nameUnknown(let text), .uploadUnknown(let text),
            .uploadInvalid(let text), .chunkOutOfOrder(let text, _), .digestInvalid(let text), .sizeInvalid(let text),
            .manifestInvalid(let text), .referencesMissing(let text, _), .chartInvalid(let text), .conflict(let text),
            .nameInvalid(let text),
            .parameterInvalid(let text), .rangeInvalid(let text, _), .tooLarge(let text), .unauthorized(let text),
            .denied(let text), .unsupported(let text), .rateLimited(let text, _), .unavailable(let text),
            .storageFull(let text), .corrupt(let text), .internal(let text):
            text
        }
    }

    /// The code in an error body; nil where the specification has none that fits.
    public var code: OCIErrorCode? {
        switch self {
        case .blobUnknown: .blobUnknown
        case .manifestUnknown: .manifestUnknown
        case .nameUnknown: .nameUnknown
        case .uploadUnknown: .blobUploadUnknown
        case .uploadInvalid, .chunkOutOfOrder: .blobUploadInvalid
        case .digestInvalid: .digestInvalid
        case .sizeInvalid, .tooLarge: .sizeInvalid
        case .manifestInvalid: .manifestInvalid
        case .referencesMissing: .manifestBlobUnknown
        case .nameInvalid: .nameInvalid
        case .chartInvalid: .manifestInvalid
        case .conflict: .denied
        case .parameterInvalid, .unsupported: .unsupported
        case .rangeInvalid: nil
        case .unauthorized: .unauthorized
        case .denied: .denied
        case .rateLimited: .tooManyRequests
        case .unavailable, .storageFull, .corrupt, .internal: nil
        }
    }

    /// The HTTP status.
    ///
    /// Source: distribution-spec v1.1.1 endpoint table, and what the reference registry answers.
    public var httpStatus: Int {
        switch self {
        case .blobUnknown, .manifestUnknown, .nameUnknown, .uploadUnknown: 404
        case .uploadInvalid, .digestInvalid, .sizeInvalid, .manifestInvalid, .referencesMissing, .nameInvalid,
            .parameterInvalid, .chartInvalid:
            400
        case .conflict: 409
        case .chunkOutOfOrder, .rangeInvalid: 416
        case .tooLarge: 413
        case .unauthorized: 401
        case .denied: 403
        case .unsupported: 405
        case .rateLimited: 429
        case .unavailable: 502
        case .storageFull: 507
        case .corrupt, .internal: 500
        }
    }

    /// Whether trying again can help.
    public var retry: Retry {
        switch self {
        case .rateLimited(_, let delay): delay.map { .after($0) } ?? .backoff
        case .unavailable, .storageFull: .backoff
        case .blobUnknown, .manifestUnknown, .nameUnknown, .uploadUnknown, .uploadInvalid, .chunkOutOfOrder,
            .digestInvalid, .sizeInvalid, .manifestInvalid, .referencesMissing, .chartInvalid, .conflict, .nameInvalid,
            .parameterInvalid, .rangeInvalid, .tooLarge, .unauthorized, .denied, .unsupported, .corrupt, .internal:
            .never
        }
    }

    /// When to try again.
    public enum Retry: Sendable, Equatable {
        /// Never: the answer will be the same.
        case never
        /// After the time the other side named.
        case after(Duration)
        /// After a growing pause.
        case backoff
    }
}

extension ContentError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
