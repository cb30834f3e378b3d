internal import Codecs
internal import Posix
internal import Synchronization

/// Files in `ingest/` that are made and whose names are flushed before they are needed, a batch at a time.
final class SlotPool: Sendable {
    /// One flush makes this many names durable.
    static let batch = 256

    private let directory: Directory
    private let free = Mutex<[String]>([])
    /// Slots that somebody reads while they are written to: another's bytes must never come into their files.
    private let read = Mutex<Set<String>>([])
    /// Held while a batch is made, so that there is one batch and not one for each who waits.
    private let making = Mutex(())

    init(directory: Directory) {
        self.directory = directory
    }

    /// An empty slot with a durable name.
    ///
    /// Makes a batch when there is none left; others who need one meanwhile wait for it.
    func take() throws(SystemError) -> String {
        if let slot = free.withLock({ $0.popLast() }) { return slot }
        let result: Result<String, SystemError> = making.withLock { _ in
            if let slot = free.withLock({ $0.popLast() }) { return .success(slot) }
            do throws(SystemError) {
                var made = try makeBatch()
                let slot = made.removeLast()
                free.withLock { $0.append(contentsOf: made) }
                return .success(slot)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// At least one slot with a durable name: a full disk may have room for a few.
    private func makeBatch() throws(SystemError) -> [String] {
        var made: [String] = []
        do {
            for _ in 0..<SlotPool.batch {
                let name = SlotPool.name()
                try directory.open(name, .createNew).close()
                made.append(name)
            }
        } catch {
            if made.isEmpty { throw error }
        }
        do {
            try directory.sync()
        } catch {
            for name in made { try? directory.remove(name) }
            throw error
        }
        return made
    }

    /// Empties a slot for the next user.
    ///
    /// One that cannot be emptied is removed, at the latest by the next start.
    func giveBack(_ slot: String) {
        guard !forget(slot) else {
            try? directory.remove(slot)
            return
        }
        if empty(slot) { free.withLock { $0.append(slot) } }
    }

    /// From now on the slot's file is never emptied, only moved or removed.
    func keepToItself(_ slot: String) {
        read.withLock { _ = $0.insert(slot) }
    }

    /// Ends the slot's being, whose file goes elsewhere; true when somebody may still read that.
    @discardableResult
    func forget(_ slot: String) -> Bool {
        read.withLock { $0.remove(slot) != nil }
    }

    private func empty(_ slot: String) -> Bool {
        do {
            try directory.open(slot, .readWrite).truncate(to: 0)
            return true
        } catch {
            try? directory.remove(slot)
            return false
        }
    }

    /// Takes over the slots of an earlier process, which may have died before their names were flushed.
    func recover(keeping kept: Set<String>) throws(SystemError) {
        let names = try directory.names().filter { SlotPool.isName($0) && !kept.contains($0) }
        let emptied = names.filter(empty)
        guard !emptied.isEmpty else { return }
        try directory.sync()
        free.withLock { $0.append(contentsOf: emptied) }
    }

    private static func name() -> String {
        PasswordHash.randomBytes(8).map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined()
    }

    static func isName(_ text: String) -> Bool {
        text.utf8.count == 16 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
