internal import Content
internal import OCIModel

/// What is to be done about a selected reference, and why.
struct Decision {
    let action: PlannedAction
    /// One short clause.
    let reason: String
    /// Of a conflict, the side that is not as it should be.
    let side: TransferSide
    /// Whether what is at the destination is known to be what the source has, or to differ.
    let isCompared: Bool

    private init(
        _ action: PlannedAction, _ reason: String, side: TransferSide = .source, isCompared: Bool = true
    ) {
        self.action = action
        self.reason = reason
        self.side = side
        self.isCompared = isCompared
    }

    init(_ reference: SelectedReference, _ memory: MirroredReference?) {
        self = Decision.of(reference, memory)
    }

    private static func of(_ reference: SelectedReference, _ memory: MirroredReference?) -> Decision {
        let source = reference.version.digest
        if let expected = reference.expected, let source, source != expected {
            return Decision(.conflict, "the source has \(source), wanted is \(expected)")
        }
        let here: Digest?
        let archive: Digest?
        switch reference.destination {
        case .noRepository, .absent: return Decision(.copy, "not there")
        case .elsewhere: return Decision(.retag, "there under another tag")
        case .present(let digest, let found): (here, archive) = (digest, found)
        }
        // Removed by us and back again by somebody's hand, or never ours.
        let memory = memory?.removedAt == nil ? memory : nil
        switch isSame(reference, memory, here: here, archive: archive) {
        case true?: return Decision(.leave, "the same")
        case nil:
            return reference.isImmutable
                ? Decision(.leave, "there, and never moves", isCompared: false)
                : Decision(.copy, "there; content not known", isCompared: false)
        case false?: return Decision.ofOther(reference, memory, here: here)
        }
    }

    /// Whether the destination holds what the source has; nil when nobody knows.
    private static func isSame(
        _ reference: SelectedReference, _ memory: MirroredReference?, here: Digest?, archive: Digest?
    ) -> Bool? {
        let source = reference.version.digest
        if reference.isDirect, let source, let here { return source == here }
        if let archive, let source { return archive == source }
        guard let memory else { return nil }
        // Somebody moved it since: what it holds now is not what was put there.
        if let put = memory.digest, let here, put != here { return false }
        guard let source else { return true }
        return memory.sourceDigest.map { $0 == source }
    }

    /// The destination holds something else.
    private static func ofOther(
        _ reference: SelectedReference, _ memory: MirroredReference?, here: Digest?
    ) -> Decision {
        let source = reference.version.digest
        let sourceMoved = memory?.sourceDigest.map { $0 != source } ?? false
        guard !reference.isImmutable else {
            return sourceMoved
                ? Decision(.conflict, "the tag is immutable and moved at the source")
                : Decision(
                    .conflict, "the tag is immutable and the destination holds something else", side: .destination)
        }
        // What this mirror put there itself it may follow, also where others put the same.
        let isOwn = memory?.digest != nil && (here == nil || here == memory?.digest)
        if !reference.otherMirrors.isEmpty, !isOwn {
            return Decision(
                .conflict, "mirror \(reference.otherMirrors.joined(separator: ", ")) puts something else there",
                side: .destination)
        }
        return Decision(.copy, sourceMoved ? "moved at the source" : "the destination holds something else")
    }
}
