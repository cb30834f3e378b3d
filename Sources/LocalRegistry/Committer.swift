internal import BlobStorage
internal import Content
internal import Metadata
internal import OCIModel
internal import Posix

/// The one writer of blobs and rows: groups what concurrent requests want and makes each group durable at once.
///
/// A group costs one flush for the bytes of all its blobs (or one for each of up to two) and one for all its rows,
/// however many requests are in it. Order within a group: bytes, flush, rows, flush, names. A request is answered
/// only after all of that. Runs on a thread of its own, which also does the housekeeping while nothing waits.
final class Committer: Sendable {
    /// What a job leaves to be done once its rows are committed.
    struct Effects: Sendable {
        /// Slots that become blobs.
        var promotions: [(slot: String, digest: Digest)] = []
        /// Slots whose bytes are not needed.
        var discarded: [String] = []
        /// Blobs whose files go.
        var removed: [Digest] = []
    }

    /// One request's wish.
    struct Job: Sendable {
        /// The bytes that must be durable before the rows that name them.
        var staged: [StagedBlob] = []
        /// The upload session that the job ends, by success or failure; already out of the table.
        var session: MetadataWriter.UploadRow?
        /// Whether the request waits for the flush; sessions and pull times do not.
        var isDurable = true
        /// The step of the transaction.
        var step: @Sendable (MetadataWriter) throws(ContentError) -> Effects
        /// Called once, on the committer's thread.
        var done: @Sendable (Result<Void, ContentError>) -> Void
    }

    private struct Queue {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// More wait for the next group; bounds one transaction.
    private static let largestGroup = 256

    private let queue = Condition(Queue())
    private let ended = Condition(false)
    private let housekeeping: Duration = .milliseconds(500)

    /// Starts the thread; it owns `state` from here on.
    init(_ state: sending CommitterState) throws(SystemError) {
        let hand = Handover(state)
        _ = try SystemThread(name: "committer") { [queue, ended, housekeeping] in
            Committer.run(queue, hand.take(), housekeeping)
            ended.updateAll { $0 = true }
        }
    }

    /// How many jobs are in line.
    var waiting: Int { queue.wait { queue, _ in queue.jobs.count } }

    /// Puts a job in line.
    func submit(_ job: Job) {
        var isClosed = false
        queue.update { queue in
            isClosed = queue.isClosed
            if !isClosed { queue.jobs.append(job) }
            return !isClosed
        }
        if isClosed { job.done(.failure(.storageFull("the store is closing; retry in a moment"))) }
    }

    /// Puts a job in line and waits for it without holding the thread.
    func commit(
        _ staged: [StagedBlob] = [], ending session: MetadataWriter.UploadRow? = nil, isDurable: Bool = true,
        _ step: @escaping @Sendable (MetadataWriter) throws(ContentError) -> Effects
    ) async throws(ContentError) {
        let result = await withCheckedContinuation { continuation in
            submit(
                Job(staged: staged, session: session, isDurable: isDurable, step: step) {
                    continuation.resume(returning: $0)
                })
        }
        try result.get()
    }

    /// Finishes what is in line and ends the thread.
    ///
    /// Blocks.
    func close() {
        queue.update { queue in
            queue.isClosed = true
            return true
        }
        _ = ended.wait { isOver, _ in isOver ? true : nil }
    }

    private static func run(_ queue: Condition<Queue>, _ state: CommitterState, _ pause: Duration) {
        while true {
            let jobs: [Job]? = queue.wait(timeout: pause) { queue, isLate in
                if !queue.jobs.isEmpty {
                    let group = Array(queue.jobs.prefix(largestGroup))
                    queue.jobs.removeFirst(group.count)
                    return .some(group)
                }
                if queue.isClosed { return .some(nil) }
                return isLate ? .some([]) : nil
            }
            guard let jobs else { break }
            if jobs.isEmpty { state.keepHouse() } else { state.commit(jobs) }
        }
        state.close()
    }
}

/// Carries a value that is not Sendable to the one thread that uses it.
private final class Handover: @unchecked Sendable {
    // Unchecked: written before the thread starts, read once by it.
    private let state: CommitterState
    init(_ state: sending CommitterState) { self.state = state }
    func take() -> CommitterState { state }
}
