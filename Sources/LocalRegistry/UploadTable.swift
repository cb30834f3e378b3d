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
        /// The open slot with its running hash; nil until the session is first used by this process.
        var ingest: IngestFile?
        var length: Int64
        var isBusy = false
        var touchedAt: Int64
    }

    private struct State {
        var sessions: [UploadID: Session] = [:]
        var clients: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let perClient: Int
    private let inAll: Int
    private let expiry: Int64
    private let now: @Sendable () -> Int64

    init(_ options: RegistryOptions) {
        perClient = options.sessionsPerClient
        inAll = options.sessions
        expiry = options.sessionExpiry.components.seconds * 1_000_000
        now = options.now
    }

    var count: Int { state.withLock { $0.sessions.count } }

    /// Makes room for one more session of a client.
    func reserve(_ client: String) throws(ContentError) {
        let refusal: String? = state.withLock { state in
            let mine = state.clients[client, default: 0]
            if mine >= perClient { return "\(client) has \(mine) upload sessions open" }
            if state.sessions.count >= inAll { return "\(state.sessions.count) upload sessions are open" }
            state.clients[client] = mine + 1
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
    }

    /// Adds a session whose room was reserved.
    func add(_ row: MetadataWriter.UploadRow) {
        state.withLock { $0.sessions[row.id] = Session(row: row, ingest: nil, length: 0, touchedAt: now()) }
    }

    /// Takes up a session of an earlier process; false when it is too old.
    func resume(_ row: MetadataWriter.UploadRow, length: Int64) -> Bool {
        guard now() - row.startedAt < expiry else { return false }
        return state.withLock { state in
            state.clients[row.client, default: 0] += 1
            state.sessions[row.id] = Session(row: row, ingest: nil, length: length, touchedAt: now())
            return true
        }
    }

    private static func unknown(_ id: UploadID, _ repository: RepositoryName) -> ContentError {
        .uploadUnknown(
            "upload \(id) is not open in \(repository): it was finished, cancelled or has expired; begin anew")
    }

    func length(_ id: UploadID, in repository: RepositoryName) throws(ContentError) -> Int64 {
        let length: Int64? = state.withLock { state in
            guard let session = state.sessions[id], session.row.repository == repository else { return nil }
            return session.ingest?.length ?? session.length
        }
        guard let length else { throw UploadTable.unknown(id, repository) }
        return length
    }

    /// A session handed to one request.
    struct CheckedOut {
        let row: MetadataWriter.UploadRow
        let ingest: IngestFile?
    }

    /// Hands a session to a request; no other gets it until it is checked in or removed.
    func checkOut(_ id: UploadID, in repository: RepositoryName, at offset: Int64?) throws(ContentError) -> CheckedOut {
        let result: Result<CheckedOut, ContentError> = state.withLock { state in
            guard var session = state.sessions[id], session.row.repository == repository else {
                return .failure(UploadTable.unknown(id, repository))
            }
            let length = session.ingest?.length ?? session.length
            if let offset, offset != length {
                return .failure(
                    .chunkOutOfOrder(
                        "upload \(id) holds \(length) bytes, so the next chunk begins at \(length), not at \(offset)",
                        offset: length))
            }
            guard !session.isBusy else {
                return .failure(.uploadInvalid("another request is working on upload \(id); send one after the other"))
            }
            session.isBusy = true
            session.touchedAt = now()
            state.sessions[id] = session
            return .success(CheckedOut(row: session.row, ingest: session.ingest))
        }
        return try result.get()
    }

    /// Takes a session back from a request.
    ///
    /// `ingest` is nil when it could not be opened.
    func checkIn(_ id: UploadID, _ ingest: IngestFile?) {
        state.withLock { state in
            guard var session = state.sessions[id] else { return }
            session.isBusy = false
            if let ingest {
                session.ingest = ingest
                session.length = ingest.length
            }
            session.touchedAt = now()
            state.sessions[id] = session
        }
    }

    /// Ends a session.
    func remove(_ id: UploadID) {
        state.withLock { state in
            guard let session = state.sessions.removeValue(forKey: id) else { return }
            UploadTable.leave(&state, session.row.client)
        }
    }

    /// Ends the sessions that nobody touched for too long and gives their rows.
    func takeExpired(at now: Int64) -> [MetadataWriter.UploadRow] {
        state.withLock { state in
            let expired = state.sessions.values.filter { !$0.isBusy && now - $0.touchedAt >= expiry }.map(\.row)
            for row in expired {
                state.sessions[row.id] = nil
                UploadTable.leave(&state, row.client)
            }
            return expired
        }
    }
}
