internal import Content
internal import Posix
internal import Synchronization

/// The locks of the runs that are under way in this process, and a look at those of others.
final class RunLocks: Sendable {
    private struct Held {
        let run: Int64
        let lock: FileLock
    }

    private let directory: String
    private let held = Mutex<[String: Held]>([:])

    init(_ directory: String, _ calls: SystemCalls) throws(SystemError) {
        self.directory = directory
        _ = try Directory(creating: directory + "/mirrors", calls: calls)
    }

    /// Takes a mirror's lock for a run that `begin` gives; nil when a run of it is under way somewhere.
    func take<Run>(
        _ mirror: String, _ begin: () throws(ContentError) -> Run, number: (Run) -> Int64
    ) throws(ContentError) -> Run? {
        let path = try path(of: mirror)
        guard let lock = try look({ () throws(SystemError) in try FileLock.take(path) }) else { return nil }
        let run = try begin()
        held.withLock { $0[mirror] = Held(run: number(run), lock: lock) }
        return run
    }

    /// Gives a run's lock back; one that is not held here is none of ours.
    func release(_ mirror: String, _ run: Int64) {
        let lock = held.withLock { held in
            held[mirror]?.run == run ? held.removeValue(forKey: mirror) : nil
        }
        withExtendedLifetime(lock) {}
    }

    /// Whether somebody runs the mirror now, in this process or another.
    func isTaken(_ mirror: String) throws(ContentError) -> Bool {
        if held.withLock({ $0[mirror] != nil }) { return true }
        let path = try path(of: mirror)
        return try look { () throws(SystemError) in try FileLock.take(path) == nil }
    }

    /// Looking takes the lock for a moment, in which nobody may be refused it.
    private func look<Value>(_ body: () throws(SystemError) -> Value) throws(ContentError) -> Value {
        do throws(SystemError) {
            let gate = try FileLock.wait(directory + "/mirrors.lock")
            defer { withExtendedLifetime(gate) {} }
            return try body()
        } catch {
            throw .storageFull("a mirror's lock cannot be taken: \(error)")
        }
    }

    private func path(of mirror: String) throws(ContentError) -> String {
        let isPlain = mirror.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isPlain, !mirror.isEmpty, mirror.utf8.count <= 200 else {
            throw .parameterInvalid("a mirror's name is up to 200 letters, digits, '.', '_' and '-', not '\(mirror)'")
        }
        return directory + "/mirrors/" + mirror + ".lock"
    }
}
