import Content

/// How the program ends.
///
/// The numbers are documented in `docs/cli.md` and do not change.
enum ExitCode: Int32, CaseIterable, Sendable {
    /// It did what was asked.
    case success = 0
    /// Something failed that has no number of its own.
    case failure = 1
    /// The command line or the configuration is wrong.
    case usage = 2
    /// What was asked for does not exist.
    case notFound = 3
    /// Credentials are missing, wrong or not enough, or the operation is locked or not offered.
    case denied = 4
    /// The other side cannot be reached or is too busy.
    case unavailable = 5
    /// The disk is full, read-only or failing.
    case storage = 6
    /// Content is not what it should be: a broken chart, a wrong digest, a refused manifest.
    case invalidContent = 7
    /// It was interrupted.
    case interrupted = 130

    /// What the number means, for the documentation.
    var meaning: String {
        switch self {
        case .success: "It did what was asked."
        case .failure: "Something failed that has no number of its own."
        case .usage:
            "The command line or the configuration is wrong; after 'mirror plan' and 'mirror verify': there is a difference."
        case .notFound: "What was asked for does not exist."
        case .denied: "Credentials are missing, wrong or not enough, or the operation is locked or not offered."
        case .unavailable: "The other side cannot be reached or is too busy: try again."
        case .storage: "The disk is full, read-only or failing."
        case .invalidContent: "Content is not what it should be: a broken chart, a wrong digest, a refused manifest."
        case .interrupted: "It was interrupted."
        }
    }

    /// The number of an error of content.
    init(_ error: ContentError) {
        switch error {
        case .blobUnknown, .manifestUnknown, .nameUnknown, .uploadUnknown: self = .notFound
        case .nameInvalid, .parameterInvalid: self = .usage
        case .uploadInvalid, .chunkOutOfOrder, .digestInvalid, .sizeInvalid, .manifestInvalid, .referencesMissing,
            .chartInvalid, .rangeInvalid, .tooLarge, .corrupt:
            self = .invalidContent
        case .unauthorized, .denied, .conflict, .unsupported: self = .denied
        case .internal: self = .failure
        case .rateLimited, .unavailable: self = .unavailable
        case .storageFull: self = .storage
        }
    }
}

/// Why a command stopped: what, on which object, and what to do.
struct CommandError: Error, Equatable {
    var code: ExitCode
    /// One sentence without a full stop.
    var message: String
    /// What to try, each one sentence.
    var hints: [String]

    init(_ code: ExitCode, _ message: String, hints: [String] = []) {
        self.code = code
        self.message = message
        self.hints = hints
    }

    /// An error of content, with what it happened on when the message alone does not say.
    init(_ error: ContentError, on object: String? = nil) {
        self.init(
            ExitCode(error), (object.map { $0 + ": " } ?? "") + error.message, hints: CommandError.hints(for: error))
    }

    private static func hints(for error: ContentError) -> [String] {
        switch error {
        case .unauthorized:
            ["log in with 'helm registry login', or give --username and --password-stdin"]
        case .unavailable: ["check the address and that the server runs; a private certificate needs --ca-file"]
        case .rateLimited(_, let delay?): ["try again in \(delay.components.seconds) seconds"]
        case .rateLimited(_, nil): ["try again later"]
        case .storageFull: ["free space on the disk that holds the data directory"]
        case .corrupt: ["the content was damaged on its way or on disk; push it again from its source"]
        case .referencesMissing(_, let digests):
            digests.prefix(3).map { "missing: \($0)" }
        case .blobUnknown, .manifestUnknown, .nameUnknown, .uploadUnknown, .uploadInvalid, .chunkOutOfOrder,
            .digestInvalid, .sizeInvalid, .manifestInvalid, .chartInvalid, .conflict, .nameInvalid, .parameterInvalid,
            .rangeInvalid, .tooLarge, .denied, .unsupported, .internal:
            []
        }
    }
}
