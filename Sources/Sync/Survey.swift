internal import Content
internal import OCIModel

/// Finds out what a plan needs to know: listings of both ends, and as few questions about single tags as will do.
///
/// Requests: one for each listing (conditional where the last one had an entity tag); for each selected tag that is at
/// the destination and may move one HEAD at a source whose listing gives no digests, and one at the destination when
/// nobody has looked there for a day.
struct Survey: Sendable {
    let rule: MirrorRule
    let ends: any MirrorEnds
    let desk: LedgerDesk
    let now: Int64
    /// Whether every digest is asked for, also of what is copied anyway: for a lock.
    var wantsDigests = false
    /// Whether the destination is asked for each digest, whatever is remembered.
    var distrusts = false
    /// Where archives lie while they are looked into.
    var spoolDirectory = "/tmp"
    /// The largest archive that is looked into, in bytes.
    var maximumArchiveBytes: Int64 = 100 << 20

    /// Everything that is to be known.
    func facts() async -> MirrorFacts {
        var facts = MirrorFacts()
        do throws(ContentError) {
            try await remember(&facts)
        } catch {
            facts.problems.append(PlanProblem(.destination, "the ledger", error.message))
            facts.isComplete = false
            return facts
        }
        await select(&facts)
        await bringAlong(&facts)
        await lookAtDestinations(&facts)
        await askCandidates(&facts)
        return facts
    }

    /// What was put where before.
    private func remember(_ facts: inout MirrorFacts) async throws(ContentError) {
        var places = [rule.to.root]
        if let other = rule.closure.images?.to?.root, other != rule.to.root { places.append(other) }
        for place in places {
            let (mirror, name) = (rule.name, place.description)
            facts.remembered[place] = try await desk.ask { ledger throws(ContentError) in
                try ledger.references(of: mirror, at: name)
            }
        }
    }
}

extension PlanProblem {
    /// What an end said when it was asked for something.
    init(_ side: TransferSide, _ object: String, _ error: ContentError) {
        self.init(side, object, error.message, hint: ErrorHint.text(error, side))
    }
}

/// What to do about an error.
enum ErrorHint {
    static func text(_ error: ContentError, _ side: TransferSide) -> String {
        switch error {
        case .unauthorized: "give credentials for the \(side.rawValue) under 'hosts', or log in"
        case .denied: "the credentials for the \(side.rawValue) do not allow it; look at its permissions and locks"
        case .rateLimited: "lower 'requestsPerSecond' for the host, or run again later"
        case .unavailable: "run again when the \(side.rawValue) answers; what is done stays done"
        case .storageFull: "make room at the \(side.rawValue), then run again"
        case .corrupt: "what came is not what was announced; ask whoever runs the \(side.rawValue)"
        case .tooLarge: "the \(side.rawValue) takes nothing so large; look at its limits"
        case .nameUnknown, .manifestUnknown, .blobUnknown:
            side == .source ? "it is gone, or these credentials must not see it" : ""
        case .referencesMissing:
            "the destination takes no index without all its images: leave out 'platforms', or name one"
        default: ""
        }
    }
}
