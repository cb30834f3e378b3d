import BlobStorage
import Content
import Glibc
import OCIModel
import Posix
import TestSupport
import Testing

/// A store of the test's own, with its system calls on record.
struct StoreFixture {
    let scratch: ScratchDirectory
    let faulty: FaultyCalls
    let store: BlobStore

    init(only kinds: Set<SystemCall> = Set(SystemCall.allCases), code: CInt = ENOSPC) throws {
        scratch = try (try? ScratchDirectory(below: "/dev/shm")) ?? ScratchDirectory()
        faulty = FaultyCalls(only: kinds, code: code)
        store = try BlobStore(root: scratch.path, calls: faulty.calls)
    }

    /// The store as the next process finds it.
    func reopened() throws -> BlobStore { try BlobStore(root: scratch.path) }

    func path(of digest: Digest) -> String { scratch.path + "/blobs/\(digest.algorithm.name)/\(digest.hex)" }
    func path(ofSlot slot: String) -> String { scratch.path + "/ingest/" + slot }

    /// What a file holds; nil when there is none.
    func bytes(at path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        return try? File(descriptor: descriptor, name: path).read(at: 0, maximumBytes: 64 << 20)
    }

    func slots() throws -> [String] { try Directory(creating: scratch.path + "/ingest").names() }

    func blobs(_ algorithm: DigestAlgorithm = .sha256) throws -> [String] {
        try Directory(creating: scratch.path + "/blobs/" + algorithm.name).names()
    }

    /// Everything a push does to the store.
    func push(_ bytes: [UInt8], _ algorithm: DigestAlgorithm = .sha256) throws(SystemError) -> Digest {
        let ingest = try store.beginIngest(algorithm)
        do throws(SystemError) {
            try ingest.append(bytes)
            let staged = try ingest.stage(algorithm)
            if let failure = store.flush([staged]).values.first { throw failure }
            try store.promote(slot: staged.slot, to: staged.digest)
            try store.flushNames([algorithm])
            return staged.digest
        } catch {
            store.discard(slot: ingest.slot)
            throw error
        }
    }
}

@Suite struct BlobStoreTests {
    @Test("A blob is stored under its digest and read back", arguments: DigestAlgorithm.allCases)
    func roundTrip(algorithm: DigestAlgorithm) throws {
        let fixture = try StoreFixture()
        for bytes in [[], Array("hello".utf8), SeededGenerator.bytes(3_000_000, seed: 1)] {
            let digest = try fixture.push(bytes, algorithm)
            #expect(digest == Digest(of: bytes, algorithm))
            #expect(fixture.bytes(at: fixture.path(of: digest)) == bytes)
            #expect(try fixture.store.size(of: digest) == Int64(bytes.count))
            let blob = try fixture.store.open(digest)
            #expect(blob.size == Int64(bytes.count))
            #expect(try blob.read(at: 0, maximumBytes: bytes.count + 10) == bytes)
            #expect(try blob.read(at: Int64(bytes.count), maximumBytes: 10).isEmpty)
        }
        #expect(try fixture.blobs(algorithm).count == 3)
    }

    @Test("A blob that is not there is not found") func missing() throws {
        let fixture = try StoreFixture()
        let digest = Digest(of: [1])
        #expect(try fixture.store.size(of: digest) == nil)
        #expect(try fixture.store.ingestSize(of: "0123456789abcdef") == nil)
        for open in [{ try fixture.store.open(digest) }, { try fixture.store.open(slot: "0123456789abcdef") }] {
            let error = #expect(throws: SystemError.self) { _ = try open() }
            #expect(error?.isNotFound == true)
        }
        try fixture.store.remove(digest)
    }

    @Test("Bytes are readable in their slot until they have their name") func slotIsReadable() throws {
        let fixture = try StoreFixture()
        let ingest = try fixture.store.beginIngest(.sha256)
        try ingest.append(Array("abc".utf8))
        let staged = try ingest.stage(.sha256)
        let reader = try fixture.store.open(slot: staged.slot)
        #expect(try fixture.store.ingestSize(of: staged.slot) == 3)
        try fixture.store.promote(slot: staged.slot, to: staged.digest)
        #expect(try reader.read(at: 0, maximumBytes: 9) == Array("abc".utf8))
        #expect(try fixture.store.ingestSize(of: staged.slot) == nil)
        try fixture.store.remove(staged.digest)
        #expect(try reader.read(at: 0, maximumBytes: 9) == Array("abc".utf8))
        #expect(try fixture.store.size(of: staged.digest) == nil)
    }

    @Test("Promoting over a damaged file replaces it") func replaces() throws {
        let fixture = try StoreFixture()
        let digest = try fixture.push(Array("good".utf8))
        try fixture.scratch.write("blobs/sha256/" + digest.hex, "bad")
        #expect(try fixture.push(Array("good".utf8)) == digest)
        #expect(fixture.bytes(at: fixture.path(of: digest)) == Array("good".utf8))
    }

    @Test("A descriptor is given away once, a shared one each time") func descriptors() throws {
        let fixture = try StoreFixture()
        let digest = try fixture.push([7])
        let blob = try fixture.store.open(digest)
        let shared = blob.shared()
        let copies = [shared.takeDescriptor(), shared.takeDescriptor()]
        #expect(copies.allSatisfy { $0 >= 0 } && copies[0] != copies[1])
        copies.forEach { close($0) }
        #expect(try blob.read(at: 0, maximumBytes: 1) == [7])
        let own = blob.takeDescriptor()
        #expect(own >= 0)
        #expect(blob.takeDescriptor() == -1)
        #expect(throws: ContentError.self) { try blob.read(at: 0, maximumBytes: 1) }
        close(own)
    }

    @Test("No symbolic link is followed, for blobs or slots") func symbolicLinks() throws {
        let fixture = try StoreFixture()
        let outside = try ScratchDirectory()
        let target = try outside.write("secret", "do not touch")
        let digest = Digest(of: [1])
        #expect(symlink(target, fixture.path(of: digest)) == 0)
        let error = #expect(throws: SystemError.self) { _ = try fixture.store.open(digest) }
        #expect(error?.code == ELOOP)
        try fixture.store.remove(digest)

        #expect(symlink(target, fixture.path(ofSlot: "0123456789abcdef")) == 0)
        #expect(throws: SystemError.self) { _ = try fixture.store.open(slot: "0123456789abcdef") }
        #expect(throws: SystemError.self) {
            _ = try fixture.store.resumeIngest(slot: "0123456789abcdef", .sha256, length: 0)
        }
        let linked = try staged("0123456789abcdef")
        #expect(fixture.store.flush([linked])["0123456789abcdef"]?.code == ELOOP)
        fixture.store.discard(slot: "0123456789abcdef")
        try fixture.store.recoverSlots(keeping: [])
        #expect(fixture.bytes(at: target) == Array("do not touch".utf8))
    }

    private func staged(_ slot: String) throws -> StagedBlob {
        let other = try StoreFixture()
        let ingest = try other.store.beginIngest(.sha256)
        #expect(rename(other.path(ofSlot: ingest.slot), other.path(ofSlot: slot)) == 0)
        return try other.store.resumeIngest(slot: slot, .sha256, length: 0).stage(.sha256)
    }

    @Test(
        "A slot that is no plain name is refused", arguments: ["", ".", "..", "../blobs", "a/b", "/etc/passwd", "a\0b"])
    func slotNames(slot: String) throws {
        let fixture = try StoreFixture()
        let digest = Digest(of: [1])
        for work in [
            { _ = try fixture.store.open(slot: slot) }, { _ = try fixture.store.ingestSize(of: slot) },
            { _ = try fixture.store.resumeIngest(slot: slot, .sha256, length: 0) },
            { try fixture.store.promote(slot: slot, to: digest) },
        ] {
            let error = #expect(throws: SystemError.self) { try work() }
            #expect(error?.code == EINVAL)
        }
        fixture.store.discard(slot: slot)
        #expect(try fixture.blobs().isEmpty)
        // What was not there did not become free room.
        #expect(try fixture.store.reserveSlot() != slot)
    }

    @Test("The free space is that of the file system") func freeBytes() throws {
        let fixture = try StoreFixture()
        #expect(try fixture.store.freeBytes() > 1 << 20)
    }
}

extension SeededGenerator {
    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return generator.bytes(count)
    }
}
