internal import OCIModel
internal import Posix
internal import Synchronization

/// Bytes that are not what they should be, kept for people to look at; nothing here is ever served.
///
///     quarantine/<algorithm>-<hex of what they should be>-<number>
///
/// Numbers only grow, so the oldest file has the smallest. Bounded; the oldest go. Not durable: a power cut may take
/// what was set aside last.
final class Quarantine: Sendable {
    private static let mostFiles = 16
    private static let mostBytes: Int64 = 1 << 30

    private let path: String
    private let ingest: Directory
    private let calls: SystemCalls
    /// Held while one comes and others go.
    private let lock = Mutex(())

    init(root: String, ingest: Directory, calls: SystemCalls) {
        path = root + "/quarantine"
        self.ingest = ingest
        self.calls = calls
    }

    /// Moves a slot's file here; nil when that cannot be done, and then the slot is as it was.
    func take(slot: String, notBeing digest: Digest) -> String? {
        lock.withLock { _ in try? move(slot, digest) }
    }

    private func move(_ slot: String, _ digest: Digest) throws(SystemError) -> String? {
        guard let size = try ingest.size(of: slot), size > 0, size <= Quarantine.mostBytes else { return nil }
        let directory = try Directory(creating: path, calls: calls)
        var kept: [(number: Int64, name: String, size: Int64)] = []
        for name in try directory.names() {
            guard let number = Quarantine.number(of: name), let size = try directory.size(of: name) else { continue }
            kept.append((number, name, size))
        }
        kept.sort { $0.number > $1.number }
        let number = (kept.first?.number ?? 0) + 1
        var bytes = kept.reduce(size) { $0 + $1.size }
        while let oldest = kept.last, kept.count >= Quarantine.mostFiles || bytes > Quarantine.mostBytes {
            try directory.remove(oldest.name)
            bytes -= oldest.size
            kept.removeLast()
        }
        let name = "\(digest.algorithm.name)-\(digest.hex)-\(number)"
        try ingest.rename(slot, to: name, in: directory)
        return "quarantine/" + name
    }

    private static func number(of name: String) -> Int64? {
        let parts = name.split(separator: "-")
        return parts.count == 3 ? Int64(parts[2]).flatMap { (1..<Int64.max).contains($0) ? $0 : nil } : nil
    }
}
