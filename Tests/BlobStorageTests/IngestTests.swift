import BlobStorage
import Glibc
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

@Suite struct IngestTests {
    @Test("However the bytes come, their hash is that of the whole", arguments: Seeds.some())
    func pieces(seed: UInt64) throws {
        let fixture = try StoreFixture()
        var generator = SeededGenerator(seed: seed)
        for algorithm in DigestAlgorithm.allCases {
            let ingest = try fixture.store.beginIngest(algorithm)
            var all: [UInt8] = []
            for _ in 0..<20 {
                let piece = generator.bytes(Int.random(in: 0..<100_000, using: &generator))
                try ingest.append(piece)
                all += piece
                #expect(ingest.length == Int64(all.count))
            }
            let staged = try ingest.stage(algorithm)
            #expect(staged.digest == Digest(of: all, algorithm))
            #expect(staged.size == Int64(all.count))
            #expect(staged.slot == ingest.slot)
            #expect(fixture.bytes(at: fixture.path(ofSlot: staged.slot)) == all)
        }
    }

    @Test("The digest may be of the other algorithm: the bytes are read again") func otherAlgorithm() throws {
        let fixture = try StoreFixture()
        let bytes = SeededGenerator.bytes(700_000, seed: 5)
        for (along, wanted) in [(DigestAlgorithm.sha256, DigestAlgorithm.sha512), (.sha512, .sha256)] {
            let ingest = try fixture.store.beginIngest(along)
            try ingest.append(bytes)
            #expect(try ingest.stage(wanted).digest == Digest(of: bytes, wanted))
        }
    }

    @Test("An upload goes on in another process; what lies behind the good bytes is cut off")
    func resume() throws {
        let fixture = try StoreFixture()
        let bytes = SeededGenerator.bytes(600_000, seed: 6)
        let slot: String
        do {
            let ingest = try fixture.store.beginIngest(.sha256)
            slot = ingest.slot
            try ingest.append(Array(bytes.prefix(400_000)))
        }
        let store = try fixture.reopened()
        #expect(try store.ingestSize(of: slot) == 400_000)
        let ingest = try store.resumeIngest(slot: slot, .sha256, length: 300_000)
        #expect(ingest.length == 300_000)
        try ingest.append(Array(bytes.dropFirst(300_000)))
        let staged = try ingest.stage(.sha256)
        #expect(staged.digest == Digest(of: bytes))
        #expect(fixture.bytes(at: fixture.path(ofSlot: slot)) == bytes)
    }

    @Test("A slot that holds fewer bytes than it should cannot be resumed") func resumeShort() throws {
        let fixture = try StoreFixture()
        let ingest = try fixture.store.beginIngest(.sha256)
        try ingest.append([1, 2, 3])
        let error = #expect(throws: SystemError.self) {
            _ = try fixture.reopened().resumeIngest(slot: ingest.slot, .sha256, length: 4)
        }
        #expect(error?.code == EIO)
    }

    @Test("A large blob is flushed while it is staged, a small one with its group") func ownFlush() throws {
        let fixture = try StoreFixture()
        for (count, isFlushed) in [(1 << 20, false), ((1 << 20) + 1, true)] {
            let ingest = try fixture.store.beginIngest(.sha256)
            try ingest.append([UInt8](repeating: 1, count: count))
            fixture.faulty.rearm()
            let staged = try ingest.stage(.sha256)
            #expect(staged.isFlushed == isFlushed)
            #expect(fixture.faulty.record.map(\.kind) == (isFlushed ? [.fdatasync] : []))
            fixture.faulty.rearm()
            #expect(fixture.store.flush([staged]).isEmpty)
            #expect(fixture.faulty.record.map(\.kind) == (isFlushed ? [] : [.open, .fdatasync]))
        }
    }

    @Test("One or two blobs are flushed each for itself, three and more at once", arguments: [0, 1, 2, 3, 10])
    func groups(count: Int) throws {
        let fixture = try StoreFixture()
        let staged = try (0..<count).map { number in
            let ingest = try fixture.store.beginIngest(.sha256)
            try ingest.append([UInt8(number)])
            return try ingest.stage(.sha256)
        }
        fixture.faulty.rearm()
        #expect(fixture.store.flush(staged).isEmpty)
        let flushes = fixture.faulty.record.map(\.kind).filter { $0 != .open }
        #expect(flushes == (count < 3 ? Array(repeating: .fdatasync, count: count) : [.syncfs]))
    }

    @Test("When the flush for all fails, each blob's own tells; a lost one is not flushed twice") func failedGroup()
        throws
    {
        let fixture = try StoreFixture(only: [.syncfs, .fdatasync], code: EIO)
        let staged = try (0..<3).map { number in
            let ingest = try fixture.store.beginIngest(.sha256)
            try ingest.append([UInt8(number)])
            return try ingest.stage(.sha256)
        }
        fixture.faulty.rearm(failAt: 1)
        #expect(fixture.store.flush(staged).isEmpty)
        #expect(
            fixture.faulty.record.map(\.kind).filter { $0 != .open } == [.syncfs, .fdatasync, .fdatasync, .fdatasync])
        fixture.faulty.rearm(failAt: 1)
        #expect(
            fixture.store.flush(Array(staged.prefix(2))) == [
                staged[0].slot: SystemError(code: EIO, call: "fdatasync", object: fixture.path(ofSlot: staged[0].slot))
            ])
        #expect(fixture.faulty.record.count { $0.kind == .fdatasync } == 2)
    }

    @Test("A blob whose own flush fails is not staged") func failedOwnFlush() throws {
        let fixture = try StoreFixture(only: [.fdatasync], code: EIO)
        let ingest = try fixture.store.beginIngest(.sha256)
        try ingest.append([UInt8](repeating: 1, count: 2 << 20))
        fixture.faulty.rearm(failAt: 1)
        #expect(throws: SystemError.self) { try ingest.stage(.sha256) }
    }

    /// System calls that write some garbage behind the file's end and then say that there was no room.
    private final class HalfWrites: Sendable {
        private let left: Mutex<(writes: Int, cuts: Int)>

        init(writes: Int, cuts: Int) { left = Mutex((writes, cuts)) }

        var calls: SystemCalls {
            SystemCalls { kind, path in
                self.left.withLock { left in
                    if kind == .write, left.writes > 0 {
                        left.writes -= 1
                        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
                        let garbage = [UInt8](repeating: 0xEE, count: 5000)
                        _ = write(descriptor, garbage, garbage.count)
                        close(descriptor)
                        return ENOSPC
                    }
                    guard kind == .ftruncate, left.cuts > 0 else { return nil }
                    left.cuts -= 1
                    return EIO
                }
            }
        }
    }

    @Test("A write that fails half way is cut back, and the upload goes on") func cutsBack() throws {
        let scratch = try ScratchDirectory()
        let store = try BlobStore(root: scratch.path, calls: HalfWrites(writes: 1, cuts: 0).calls)
        // The slots are empty files, so the first write is the first append.
        let ingest = try store.beginIngest(.sha256)
        let error = #expect(throws: SystemError.self) { try ingest.append([1, 2, 3]) }
        #expect(error?.code == ENOSPC)
        #expect(ingest.length == 0 && ingest.isUsable)
        #expect(try store.ingestSize(of: ingest.slot) == 0)
        try ingest.append([4, 5])
        let staged = try ingest.stage(.sha256)
        #expect(staged.digest == Digest(of: [4, 5]))
        #expect(try store.open(slot: staged.slot).read(at: 0, maximumBytes: 100) == [4, 5])
    }

    @Test("A write that cannot be cut back ends the upload: its bytes are never staged") func cannotCutBack() throws {
        let scratch = try ScratchDirectory()
        let store = try BlobStore(root: scratch.path, calls: HalfWrites(writes: 1, cuts: 1).calls)
        let ingest = try store.beginIngest(.sha256)
        #expect(throws: SystemError.self) { try ingest.append([1, 2, 3]) }
        #expect(!ingest.isUsable)
        #expect(throws: SystemError.self) { try ingest.append([1]) }
        #expect(throws: SystemError.self) { try ingest.stage(.sha256) }
        // Opened anew, the good bytes are there and nothing behind them.
        let again = try store.resumeIngest(slot: ingest.slot, .sha256, length: 0)
        try again.append([9])
        #expect(try again.stage(.sha256).digest == Digest(of: [9]))
        #expect(try store.ingestSize(of: ingest.slot) == 1)
    }

    private let bytes = Array("the same bytes each time".utf8)

    /// Pushes with the `number`-th call failing, then again without; gives whether a call failed and the push with it.
    private func pushFailing(at number: Int, _ code: CInt, isWarm: Bool) throws -> (hasFired: Bool, hasFailed: Bool) {
        let digest = Digest(of: bytes)
        let fixture = try StoreFixture(code: code)
        if isWarm { fixture.store.discard(slot: try fixture.store.reserveSlot()) }
        fixture.faulty.rearm(failAt: number)
        let pushed = try? fixture.push(bytes)
        let hasFired = fixture.faulty.hasFired
        let file = fixture.bytes(at: fixture.path(of: digest))
        #expect(pushed == nil || pushed == digest)
        #expect(file == bytes || file == nil && pushed == nil, "call \(number)")
        #expect(try fixture.blobs().allSatisfy { $0 == digest.hex })
        fixture.faulty.rearm()
        #expect(try fixture.push(bytes) == digest)
        #expect(fixture.bytes(at: fixture.path(of: digest)) == bytes)
        // The next start finds nothing but empty room.
        try fixture.reopened().recoverSlots(keeping: [])
        #expect(try fixture.slots().allSatisfy { fixture.bytes(at: fixture.path(ofSlot: $0)) == [] })
        return (hasFired, pushed == nil)
    }

    @Test("Whatever call of a push fails: no blob or a whole one, and the next try succeeds", arguments: [ENOSPC, EIO])
    func faultLoop(code: CInt) throws {
        var failures = 0
        for number in 1...100 {
            let outcome = try pushFailing(at: number, code, isWarm: true)
            failures += outcome.hasFailed ? 1 : 0
            if !outcome.hasFired { break }
            #expect(number < 100)
        }
        // Opening the slot, writing, opening for the flush, flushing, moving, flushing the name.
        #expect(failures == 6)
    }

    @Test("The same while the slots are made", arguments: [1, 2, 3, 4, 255, 256, 511, 512, 513, 514, 515])
    func faultLoopWithSlots(number: Int) throws {
        #expect(try pushFailing(at: number, ENOSPC, isWarm: false).hasFired)
    }
}
