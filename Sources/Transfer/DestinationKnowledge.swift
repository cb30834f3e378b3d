internal import Content
public import OCIModel
internal import Synchronization

/// What is known of one destination within a run: who holds which blob, and who moves one now.
///
/// Share it among all transfers into one destination. Bounded: beyond the limit everything is forgotten but what is under
/// way, which costs questions and no more.
public final class DestinationKnowledge: Sendable {
    /// Content in a repository.
    struct Place: Hashable {
        var digest: Digest
        var repository: RepositoryName
    }

    /// What whoever wants a blob somewhere is to do.
    enum Claim: Sendable, Equatable {
        /// Nothing: it is there.
        case held
        /// To move it, and say when that is over; another repository that holds it may be named.
        case lead(mountFrom: RepositoryName?)
    }

    private struct State {
        var blobs: Set<Place> = []
        var anywhere: [Digest: RepositoryName] = [:]
        var manifests: Set<Place> = []
        var moving: Set<Place> = []
        /// Blobs that are moved into the destination for the first time.
        var entering: Set<Digest> = []
        var waiting: [Digest: [UInt64: CheckedContinuation<Void, Never>]] = [:]
        var lastTicket: UInt64 = 0
    }

    /// Who streams a large blob there now.
    let streams = Turnstile(6)
    private let maximumEntries: Int
    private let state = Mutex(State())

    /// Knows nothing yet.
    public init(maximumEntries: Int = 200_000) {
        self.maximumEntries = max(1, maximumEntries)
    }

    /// Takes note that a repository holds a blob, so that nobody asks and others mount it.
    public func note(blob digest: Digest, in repository: RepositoryName) {
        state.withLock { keep(Place(digest: digest, repository: repository), &$0) }
    }

    /// Waits while somebody else moves the blob, to this repository or into the destination at all.
    ///
    /// - Throws: when the task is cancelled.
    func claim(_ digest: Digest, in repository: RepositoryName) async throws(CancellationError) -> Claim {
        let place = Place(digest: digest, repository: repository)
        while true {
            if Task.isCancelled { throw CancellationError() }
            let claim = state.withLock { state -> Claim? in
                if state.blobs.contains(place) { return .held }
                guard !isBusy(place, state) else { return nil }
                state.moving.insert(place)
                if state.anywhere[digest] == nil { state.entering.insert(digest) }
                return .lead(mountFrom: state.anywhere[digest])
            }
            if let claim { return claim }
            await waitForOthers(place)
        }
    }

    /// Ends what `claim` began.
    func finish(_ digest: Digest, in repository: RepositoryName, isThere: Bool) {
        let place = Place(digest: digest, repository: repository)
        let waiting = state.withLock { state in
            state.moving.remove(place)
            state.entering.remove(digest)
            if isThere { keep(place, &state) }
            return state.waiting.removeValue(forKey: digest) ?? [:]
        }
        for continuation in waiting.values { continuation.resume() }
    }

    func note(manifest digest: Digest, in repository: RepositoryName) {
        state.withLock { state in
            if state.manifests.count >= maximumEntries { state.manifests = [] }
            state.manifests.insert(Place(digest: digest, repository: repository))
        }
    }

    func hasManifest(_ digest: Digest, in repository: RepositoryName) -> Bool {
        state.withLock { $0.manifests.contains(Place(digest: digest, repository: repository)) }
    }

    private func isBusy(_ place: Place, _ state: State) -> Bool {
        state.moving.contains(place) || (state.anywhere[place.digest] == nil && state.entering.contains(place.digest))
    }

    private func keep(_ place: Place, _ state: inout State) {
        if state.blobs.count >= maximumEntries {
            state.blobs = []
            state.anywhere = [:]
        }
        state.blobs.insert(place)
        state.anywhere[place.digest] = place.repository
    }

    private func waitForOthers(_ place: Place) async {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard isBusy(place, state), !state.blobs.contains(place) else { return false }
                    state.waiting[place.digest, default: [:]][ticket] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
                if Task.isCancelled { leave(ticket, place.digest) }
            }
        } onCancel: {
            leave(ticket, place.digest)
        }
    }

    private func leave(_ ticket: UInt64, _ digest: Digest) {
        let continuation = state.withLock { $0.waiting[digest]?.removeValue(forKey: ticket) }
        continuation?.resume()
    }
}
