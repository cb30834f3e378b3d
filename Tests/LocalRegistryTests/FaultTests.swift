import Content
import Glibc
import LocalRegistry
import OCIModel
import Posix
import TestSupport
import Testing

@Suite struct FaultTests {
    struct Disk: CustomTestStringConvertible, Sendable {
        var mode: CallFaults.Mode
        var code: CInt
        var testDescription: String { "\(mode) \(code == ENOSPC ? "ENOSPC" : "EIO")" }

        static let all = CallFaults.Mode.allCases.flatMap { mode in
            [ENOSPC, EIO].map { Disk(mode: mode, code: $0) }
        }
    }

    @Test("A push survives the failure of any one call, and of all from any call on", arguments: Disk.all)
    func pushes(disk: Disk) async throws {
        let store = try StoreFixture()
        var before = try HelmPush("0.0.0")
        try await store.with { await before.run($0) }
        #expect(before.isWhole)
        var position = 0
        while true {
            position += 1
            try #require(position < 200, "the push makes fewer calls")
            var push = try HelmPush("\(position).0.0", seed: UInt64(position))
            let faults = CallFaults()
            let fired = try await store.with(options: { $0.calls = faults.calls }) { registry in
                faults.arm(position, disk.mode, code: disk.code)
                await push.run(registry)
                let fired = faults.disarm()
                let context = "call \(position) (\(fired.first ?? "none")) failed \(disk.testDescription)"
                push.checkErrors(context)
                try await before.check(registry, context)
                try await push.check(registry, context)
                await push.run(registry)
                #expect(push.isWhole, "a retry succeeds, \(context)")
                try await push.check(registry, context)
                return fired
            }
            let context = "reopened after call \(position) (\(fired.first ?? "none")) \(disk.testDescription)"
            try await store.with { registry in
                try await before.check(registry, context)
                try await push.check(registry, context)
                #expect(registry.openSessions == 0, "no session is left, \(context)")
            }
            #expect(try store.usedSlots() == 0, "\(context)")
            before = push
            if fired.isEmpty { break }
        }
        #expect(position > 20, "the loop has failed the calls of a push")
        #expect(try store.damagedFiles() == [])
    }

    @Test("A flush that failed once is not tried again: the kernel has forgotten the bytes", arguments: [1, 2])
    func failedFlushIsFinal(size: Int) async throws {
        let (store, faults, hold) = (try StoreFixture(), CallFaults(), Hold())
        try await store.with(options: {
            $0.calls = faults.calls
            $0.observer.didCommit = { _ in hold.pass() }
        }) { registry in
            let all: ArraySlice<[UInt8]> = [[1], [2]].prefix(size)
            let kinds = try await registry.inOneGroup(Array(all), hold) {
                faults.arm(1, .once, code: EIO, only: [.fdatasync])
            }
            #expect(faults.disarm().count == 1)
            #expect(kinds == Array([Kind.storageFull, nil].prefix(size)))
            #expect(await failure { () throws(ContentError) in _ = try registry.served(Digest(of: [1])) } != nil)
            if size > 1 { #expect(try registry.served(Digest(of: [2])) == [2]) }
        }
    }

    @Test("When the file system's flush fails, each blob of the group stands or falls with its own")
    func failedGroupFlush() async throws {
        let (store, faults, hold) = (try StoreFixture(), CallFaults(), Hold())
        try await store.with(options: {
            $0.calls = faults.calls
            $0.observer.didCommit = { _ in hold.pass() }
        }) { registry in
            let all: [[UInt8]] = (0..<8).map { [$0, 1] }
            let kinds = try await registry.inOneGroup(all, hold) {
                faults.arm(1, .once, code: EIO, only: [.syncfs])
            }
            #expect(faults.disarm().count == 1, "a group is flushed with one call")
            #expect(kinds == all.map { _ in nil }, "each one's own flush went well")
            for bytes in all { #expect(try registry.served(Digest(of: bytes)) == bytes) }
        }
    }

    @Test(
        "A batch of slots that cannot be made whole serves with what it has, or fails cleanly",
        arguments: [
            (SystemCall.open, 1), (.open, 2), (.open, 200), (.open, 256), (.close, 1), (.close, 256), (.fsync, 1),
        ])
    func slotBatch(call: SystemCall, position: Int) async throws {
        for mode in CallFaults.Mode.allCases {
            let (store, faults) = (try StoreFixture(), CallFaults())
            try await store.with(options: { $0.calls = faults.calls }) { registry in
                faults.arm(position, mode, only: [call])
                let kind = await failure { () throws(ContentError) in try await registry.upload([1, 2]) }
                #expect(!faults.disarm().isEmpty)
                #expect(kind == nil || kind == .storageFull)
                if kind == nil { #expect(try registry.served(Digest(of: [1, 2])) == [1, 2]) }
                try await registry.upload([1, 2])
            }
            let served = try await store.with { try $0.served(Digest(of: [1, 2])) }
            #expect(served == [1, 2])
        }
    }

    @Test("Opening a store fails cleanly at any call, and works when the disk does", arguments: [ENOSPC, EIO])
    func opening(code: CInt) async throws {
        var position = 0
        while true {
            position += 1
            try #require(position < 50)
            let store = try StoreFixture()
            let faults = CallFaults()
            faults.arm(position, .once, code: code)
            let kind = await failure { () throws(ContentError) in
                var options = RegistryOptions()
                options.calls = faults.calls
                try Registry(at: store.path, options).close()
            }
            let fired = faults.disarm()
            #expect(kind == nil || kind == .storageFull, "call \(position): \(fired)")
            try await store.with { _ = try await $0.upload([1]) }
            #expect(try store.bytes("oci-layout") == Array("{\"imageLayoutVersion\":\"1.0.0\"}\n".utf8), "\(fired)")
            if fired.isEmpty { break }
        }
        #expect(position > 5)
    }

    @Test("A blob whose name cannot be made is read from its slot, and named when the disk allows")
    func failedRename() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        let bytes: [UInt8] = [1, 2, 3]
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            faults.arm(1, .fromThenOn, only: [.rename])
            #expect(await failure { () throws(ContentError) in try await registry.upload(bytes) } == .storageFull)
            #expect(try registry.served(Digest(of: bytes)) == bytes)
            #expect(!store.exists(Digest(of: bytes)))
            try await registry.upload(bytes)
            faults.disarm()
        }
        #expect(store.exists(Digest(of: bytes)), "closing made up for it")
        let served = try await store.with { try $0.served(Digest(of: bytes)) }
        #expect(served == bytes)
    }

    @Test("A blob deleted before it got its name does not come back")
    func deletedBeforeNamed() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        let bytes: [UInt8] = [1, 2, 3]
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            faults.arm(1, .fromThenOn, only: [.rename])
            #expect(await failure { () throws(ContentError) in try await registry.upload(bytes) } == .storageFull)
            try await registry.deleteBlob(Digest(of: bytes), in: demo)
            faults.disarm()
        }
        #expect(!store.exists(Digest(of: bytes)))
        #expect(try store.usedSlots() == 0)
    }

    @Test("A file that cannot be removed is removed later, at the latest by the next start", arguments: [true, false])
    func failedRemoval(heals: Bool) async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            try await registry.upload([1])
            try await registry.upload([2])
            faults.arm(1, heals ? .once : .fromThenOn, code: EIO, only: [.unlink])
            try await registry.deleteBlob(Digest(of: [1]), in: demo)
            try await registry.deleteBlob(Digest(of: [2]), in: demo)
            #expect(await failure { () throws(ContentError) in _ = try registry.served(Digest(of: [1])) } != nil)
        }
        #expect(store.exists(Digest(of: [1])) == !heals)
        try await store.with { _ in }
        #expect(!store.exists(Digest(of: [1])) && !store.exists(Digest(of: [2])))
    }

    @Test("A blob that came back while its file could not be removed stays")
    func removalOvertaken() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            try await registry.upload([1])
            faults.arm(1, .once, code: EIO, only: [.unlink])
            try await registry.deleteBlob(Digest(of: [1]), in: demo)
            try await registry.upload([1])
        }
        let served = try await store.with { try $0.served(Digest(of: [1])) }
        #expect(served == [1])
    }

    @Test("A write that fails leaves the session where it was, and the rest can follow")
    func resumedAfterFailure() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            let id = try await registry.beginUpload(in: demo, client: "test", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append([1, 2, 3])
            faults.arm(1, only: [.write])
            #expect(await failure { () throws(ContentError) in try await writer.append([4, 5]) } == .storageFull)
            await writer.abandon()
            #expect(try await registry.uploadLength(id, in: demo) == 3)
            let again = try await registry.openUpload(id, in: demo, at: 3)
            try await again.append([4, 5])
            try await again.finish(Digest(of: [1, 2, 3, 4, 5]))
            #expect(try registry.served(Digest(of: [1, 2, 3, 4, 5])) == [1, 2, 3, 4, 5])
        }
    }

    @Test("A session that cannot be cut back after a failed write is never finished with wrong bytes")
    func brokenSession() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        try await store.with(options: { $0.calls = faults.calls }) { registry in
            let id = try await registry.beginUpload(in: demo, client: "test", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append([1, 2, 3])
            faults.arm(1, .fromThenOn, code: EIO, only: [.write, .ftruncate])
            #expect(await failure { () throws(ContentError) in try await writer.append([4, 5]) } == .storageFull)
            faults.disarm()
            #expect(await failure { () throws(ContentError) in try await writer.append([4, 5]) } == .storageFull)
            await writer.abandon()
            #expect(try await registry.uploadLength(id, in: demo) == 3)
            let again = try await registry.openUpload(id, in: demo, at: 3)
            try await again.append([4, 5])
            try await again.finish(Digest(of: [1, 2, 3, 4, 5]))
            #expect(try registry.served(Digest(of: [1, 2, 3, 4, 5])) == [1, 2, 3, 4, 5])
        }
        #expect(try store.damagedFiles() == [])
    }
}
