internal import Content
internal import Posix

/// Asks the ledger, which blocks, on threads of its own.
struct LedgerDesk: Sendable {
    let ledger: any MirrorLedger
    private static let pool = ThreadPool(name: "ledger", threads: 2)

    func ask<Value: Sendable>(
        _ work: @escaping @Sendable (any MirrorLedger) throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        let ledger = ledger
        let answer = await withTaskExecutorPreference(LedgerDesk.pool) {
            LedgerDesk.attempt(ledger, work)
        }
        return try answer.get()
    }

    private static func attempt<Value>(
        _ ledger: any MirrorLedger, _ work: (any MirrorLedger) throws(ContentError) -> Value
    ) -> Result<Value, ContentError> {
        do throws(ContentError) {
            return .success(try work(ledger))
        } catch {
            return .failure(error)
        }
    }
}
