internal import BlobStorage
internal import Content
internal import Metadata
internal import OCIModel
internal import Synchronization

/// The upload sessions that are open, with the limits on them.
///
/// Their rows in the metadata outlive the process.
final class UploadTable: Sendable {
    private struct Session {
        let row: MetadataWriter.UploadRow
        /// The open slot with its running hash; nil until the session is first used by this process, and after a
        /// failure that only reading the file again can settle.
        var ingest: IngestFile?
        /// Bytes it holds: the request that works on it notes them as they come.
        var length: Int64
        var isBusy = false
        var touchedAt: Int64
    }

    private struct State {
        var sessions: [UploadID: Session] = [:]
        /// Sessions and reservations of each client.
        var clients: [String: Int] = [:]
        /// Sessions and reservations in all.
        var taken = 0
        /// Sessions that are over and whose rows are not gone yet.
        var buried: [MetadataWriter.UploadRow] = []
    }

    private let state = Mutex(State())
    private let perClient: Int
    private let inAll: Int
    private let expiry: Int64
    private let now: @Sendable () -> Int64

    init(_ options: RegistryOptions) {
        perClient = options.sessionsPerClient
        inAll = options.sessions
        let (expiry, isEndless) = options.sessionExpiry.components.seconds.multipliedReportingOverflow(by: 1_000_000)
        self.expiry = isEndless ? .max : expiry
        now = options.now
    }

    var count: Int { state.withLock { $0.sessions.count } }

    /// Makes room for one more session of a client.
    func reserve(_ client: String) throws(ContentError) {
        let refusal: String? = state.withLock { state in
            let mine = state.clients[client, default: 0]
            if mine >= perClient { return "\(client) has \(mine) upload sessions open" }
            if state.taken >= inAll { return "\(state.taken) upload sessions are open" }
            state.clients[client] = mine + 1
            state.taken += 1
            return nil
        }
        if let refusal {
            throw .rateLimited(refusal + ", which is the limit; finish or cancel some first", retryAfter: .seconds(10))
        }
    }

    /// Gives back what `reserve` took when the session did not come to be.
    func release(_ client: String) {
        state.withLock { UploadTable.leave(&$0, client) }
    }

    private static func leave(_ state: inout State, _ client: String) {
        let left = state.clients[client, default: 1] - 1
        state.clients[client] = left > 0 ? left : nil
        state.taken -= 1
    }

    /// Adds a session whose room was reserved.
    func add(_ row: MetadataWriter.UploadRow) {
        state.withLock { $0.sessions[row.id] = Session(row: row, ingest: nil, length: 0, touchedAt: now()) }
    }

    /// Takes up a session of an earlier process; false when it is too old.
    func resume(_ row: MetadataWriter.UploadRow, length: Int64) -> Bool {
        guard !isOver(now(), since: row.startedAt) else { return false }
        return state.withLock { state in
            state.clients[row.client, default: 0] += 1
            state.taken += 1
            state.sessions[row.id] = Session(row: row, ingest: nil, length: length, touchedAt: now())
            return true
        }
    }

    /// Times come from files and clocks: a difference that does not fit is over.
    private func isOver(_ now: Int64, since time: Int64) -> Bool {
        let (age, isHuge) = now.subtractingReportingOverflow(time)
        return isHuge || age >= expiry
    }

    private static func unknown(_ id: UploadID, _ repository: RepositoryName) -> ContentError {
        .uploadUnknown(
            "upload \(id) is not open in \(repository): it was finished, cancelled or has expired; begin anew")
    }

    func length(_ id: UploadID, in repository: RepositoryName) throws(ContentError) -> Int64 {
        let length: Int64? = state.withLock { state in
            guard let session = state.sessions[id], session.row.repository == repository else { return nil }
            return session.length
        }
        guard let length else { throw UploadTable.unknown(id, repository) }
        return length
    }

    /// A session handed to one request.
    struct CheckedOut {
        let row: MetadataWriter.UploadRow
        let ingest: IngestFile?
        /// Bytes it holds.
        let length: Int64
    }

    /// Hands a session to a request; no other gets it until it is checked in or removed.
    func checkOut(_ id: UploadID, in repository: RepositoryName, at offset: Int64?) throws(ContentError) -> CheckedOut {
        let result: Result<CheckedOut, ContentError> = state.withLock { state in
            guard var session = state.sessions[id], session.row.repository == repository else {
                return .failure(UploadTable.unknown(id, repository))
            }
            guard !session.isBusy else {
                return .failure(.uploadInvalid("another request is working on upload \(id); send one after the other"))
            }
            let length = session.length
            if let offset, offset != length {
                return .failure(
                    .chunkOutOfOrder(
                        "upload \(id) holds \(length) bytes, so the next chunk begins at \(length), not at \(offset)",
                        offset: length))
            }
            session.isBusy = true
            session.touchedAt = now()
            state.sessions[id] = session
            return .success(CheckedOut(row: session.row, ingest: session.ingest, length: length))
        }
        return try result.get()
    }

    /// Notes how far the request is that works on a session.
    func note(_ id: UploadID, length: Int64) {
        state.withLock { $0.sessions[id]?.length = length }
    }

    /// Takes a session back from a request.
    ///
    /// `ingest` is nil when it could not be opened. The file of a broken one is read anew by the next request.
    func checkIn(_ id: UploadID, _ ingest: IngestFile?) {
        state.withLock { state in
            guard var session = state.sessions[id] else { return }
            session.isBusy = false
            session.ingest = ingest.flatMap { $0.isUsable ? $0 : nil }
            if let ingest { session.length = ingest.length }
            session.touchedAt = now()
            state.sessions[id] = session
        }
    }

    /// Ends a session and gives its row, which the caller removes or buries.
    func remove(_ id: UploadID) -> MetadataWriter.UploadRow? {
        state.withLock { state in
            guard let session = state.sessions.removeValue(forKey: id) else { return nil }
            UploadTable.leave(&state, session.row.client)
            return session.row
        }
    }

    /// Leaves rows of sessions that are over to the next `takeExpired`.
    ///
    /// Their slots are theirs until the rows are gone.
    func bury(_ rows: [MetadataWriter.UploadRow]) {
        state.withLock { $0.buried += rows }
    }

    /// Ends the sessions that nobody touched for too long and gives their rows, and those that were buried.
    func takeExpired(at now: Int64) -> [MetadataWriter.UploadRow] {
        state.withLock { state in
            let expired = state.sessions.values.filter { !$0.isBusy && isOver(now, since: $0.touchedAt) }.map(\.row)
            for row in expired {
                state.sessions[row.id] = nil
                UploadTable.leave(&state, row.client)
            }
            let buried = state.buried
            state.buried = []
            return expired + buried
        }
    }
}
