import Content
import Glibc
import LocalRegistry
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

/// Bytes on their way in from an upstream, while others read them.
@Suite struct FillTests {
    private let store: StoreFixture

    init() throws { store = try StoreFixture() }

    @Test("What was written can be read at once, and by the same descriptor when it has become a blob")
    func readers() async throws {
        let bytes = [UInt8](repeating: 7, count: 100_000)
        try await store.with { registry in
            let fill = try registry.openFill(of: Digest(of: bytes), in: demo)
            try fill.append(Array(bytes.prefix(60_000)))
            #expect(fill.length == 60_000)
            let early = try fill.openReader()
            #expect(contents(of: try fill.openReader()) == Array(bytes.prefix(60_000)))
            try fill.append(Array(bytes.dropFirst(60_000)))
            let isVerified = Tally()
            try await fill.finish { isVerified.add() }
            #expect(isVerified.value == 1)
            #expect(contents(of: early) == bytes)
            #expect(contents(of: try fill.openReader()) == bytes)
            #expect(try registry.served(Digest(of: bytes)) == bytes)
            fill.abandon()
            #expect(try registry.served(Digest(of: bytes)) == bytes)
        }
        #expect(try store.usedSlots() == 0)
        #expect(store.exists(Digest(of: bytes)))
    }

    @Test("The digest is known before anything is flushed", arguments: [3, 1_100_000]) func verifiedEarly(size: Int)
        async throws
    {
        let (faults, bytes) = (CallFaults(), [UInt8](repeating: 1, count: size))
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            let fill = try registry.openFill(of: Digest(of: bytes), in: demo)
            try fill.append(bytes)
            faults.arm(1, only: [.fdatasync, .syncfs])
            let isVerified = Tally()
            let kind = await failure { () throws(ContentError) in try await fill.finish { isVerified.add() } }
            #expect(kind == .storageFull && isVerified.value == 1)
            faults.disarm()
            try await registry.fill(bytes, in: demo)
            #expect(try registry.served(Digest(of: bytes)) == bytes)
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("Whoever reads an abandoned or a needless fill never sees another's bytes") func noReuse() async throws {
        let bytes: [UInt8] = [1, 2, 3]
        try await store.with { registry in
            let abandoned = try registry.openFill(of: Digest(of: bytes), in: demo)
            try abandoned.append([1, 2])
            let first = try abandoned.openReader()
            abandoned.abandon()
            try await registry.fill(bytes, in: demo)
            // The same blob again: its slot is not needed.
            let twice = try registry.openFill(of: Digest(of: bytes), in: other)
            try twice.append(bytes)
            let second = try twice.openReader()
            try await twice.finish {}
            for number in 0..<300 { try await registry.upload([9, 9, 9, UInt8(number & 255), UInt8(number >> 8)]) }
            #expect(contents(of: first) == [1, 2])
            #expect(contents(of: second) == bytes)
            #expect(try registry.served(Digest(of: bytes), in: other) == bytes)
            // A reader that comes late finds the blob.
            #expect(contents(of: try twice.openReader()) == bytes)
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("Bytes that are not what they should be are set aside, told, and never served") func quarantine() async throws
    {
        let told = Mutex<[String]>([])
        let wanted = Digest(of: [1, 2, 3])
        try await store.with(options: { $0.observer.didFail = { text in told.withLock { $0.append(text) } } }) {
            registry in
            for number in 0..<20 {
                let fill = try registry.openFill(of: wanted, in: demo)
                try fill.append([UInt8(number)])
                let isVerified = Tally()
                let kind = await failure { () throws(ContentError) in try await fill.finish { isVerified.add() } }
                #expect(kind == .corrupt && isVerified.value == 0)
            }
            let missing = await failure { () throws(ContentError) in _ = try registry.served(wanted) }
            #expect(missing != nil)
            let names = try store.names("quarantine")
            #expect(names.count == 16)
            #expect(names.allSatisfy { $0.hasPrefix("sha256-\(wanted.hex)-") })
            #expect(try store.bytes("quarantine/sha256-\(wanted.hex)-20") == [19])
            #expect(!names.contains("sha256-\(wanted.hex)-4"))
            #expect(told.withLock { $0.count } == 20)
            #expect(told.withLock { $0.last }?.contains("quarantine/sha256-\(wanted.hex)-20") == true)
            try await registry.fill([1, 2, 3], in: demo)
            #expect(try registry.served(wanted) == [1, 2, 3])
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("When nothing can be set aside, the bytes are thrown away") func noQuarantine() async throws {
        let faults = CallFaults()
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            for call in [SystemCall.mkdir, .rename] {
                let fill = try registry.openFill(of: Digest(of: [1]), in: demo)
                try fill.append([2])
                faults.arm(1, only: [call])
                #expect(await failure { () throws(ContentError) in try await fill.finish {} } == .corrupt)
                #expect(!faults.disarm().isEmpty)
            }
            #expect(try store.usedSlots() == 0)
        }
    }

    @Test("A locked repository takes no fill, and a blob may not be larger than the store takes") func refused()
        async throws
    {
        try await store.with(options: { $0.maximumBlobBytes = 2 }) { registry in
            let fill = try registry.openFill(of: Digest(of: [1, 2, 3]), in: demo)
            #expect(throws: ContentError.self) { try fill.append([1, 2, 3]) }
            fill.abandon()
            try await registry.upload([1])
            try await registry.changeAttributes(AttributeChange(disable: .write), of: nil, in: demo)
            let kind = await failure { () throws(ContentError) in try await registry.fill([1], in: demo) }
            #expect(kind == .denied)
        }
    }
}
