import Content

// The suites every end must pass. Each function wants repositories of its own: a name prefix keeps runs apart on ends
// that are shared. They throw `ConformanceFailure` with the rule that was broken.

/// A rule of `Content` that an end does not keep.
public struct ConformanceFailure: Error, CustomStringConvertible {
    public let description: String
}

/// What an end cannot do, so that its suites leave it out.
public struct EndLimits: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// A tag cannot be removed on its own.
    public static let noTagDeletion = EndLimits(rawValue: 1)
    /// Nothing is known but what `/v2/` tells: no times, no locks, no removal of repositories.
    public static let noAttributes = EndLimits(rawValue: 2)
    /// A manifest without tags is in no listing.
    public static let noUntaggedListing = EndLimits(rawValue: 4)
}

/// Checks one rule.
func rule(_ isKept: Bool, _ text: String) throws {
    guard isKept else { throw ConformanceFailure(description: text) }
}

/// Checks that work ends with an error of a kind.
func rule(
    _ text: String, failsWith isExpected: (ContentError) -> Bool, _ work: () async throws(ContentError) -> Void
) async throws {
    do {
        try await work()
    } catch {
        guard isExpected(error) else {
            throw ConformanceFailure(description: "\(text): it failed with \(String(reflecting: error))")
        }
        return
    }
    throw ConformanceFailure(description: "\(text): it did not fail")
}

extension ContentError {
    var isUnknownBlob: Bool {
        if case .blobUnknown = self { true } else { false }
    }
    var isUnknownManifest: Bool {
        if case .manifestUnknown = self { true } else { false }
    }
    var isUnknownName: Bool {
        if case .nameUnknown = self { true } else { false }
    }
    var isWrongContent: Bool {
        switch self {
        case .digestInvalid, .sizeInvalid: true
        default: false
        }
    }
    var isLocked: Bool {
        switch self {
        case .unsupported, .denied: true
        default: false
        }
    }
}
