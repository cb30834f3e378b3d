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

extension LedgerDesk {
    /// A listing as it was last seen; nil also when the ledger cannot tell: then all of it is asked for.
    func listing(of place: String, _ key: String) async -> RememberedListing? {
        let found = try? await ask { ledger throws(ContentError) in try ledger.listing(of: place, key) }
        return found ?? nil
    }

    /// Remembers a listing, as far as that goes.
    ///
    /// The end that gave it is not to blame when it cannot be kept, and the next run just asks for all of it. A ledger
    /// that takes nothing at all says so when the run is written down.
    func keep(_ listing: RememberedListing, of place: String, _ key: String) async {
        _ = try? await ask { ledger throws(ContentError) in try ledger.keep(listing, of: place, key) }
    }
}
