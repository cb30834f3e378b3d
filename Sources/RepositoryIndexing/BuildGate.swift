internal import Synchronization

/// Lets one in at a time, for each key; the others wait without holding a thread, first come, first served.
final class BuildGate<Key: Hashable & Sendable>: Sendable {
    /// Who waits, for each key that somebody is in for.
    private let lines = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    /// Waits for its turn; whoever came in calls `leave`.
    func enter(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isFree = lines.withLock { lines in
                guard lines[key] == nil else {
                    lines[key]?.append(continuation)
                    return false
                }
                lines[key] = []
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    /// Whether somebody waits for whoever is in.
    func hasWaiting(_ key: Key) -> Bool {
        lines.withLock { lines in lines[key].map { !$0.isEmpty } ?? false }
    }

    /// Lets the next one in.
    func leave(_ key: Key) {
        let next = lines.withLock { lines -> CheckedContinuation<Void, Never>? in
            guard let line = lines[key], !line.isEmpty else {
                lines[key] = nil
                return nil
            }
            return lines[key]?.removeFirst()
        }
        next?.resume()
    }
}
