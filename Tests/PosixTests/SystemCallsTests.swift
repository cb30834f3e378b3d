import Glibc
import Posix
import TestSupport
import Testing

@Suite struct SystemCallsTests {
    @Test("The n-th call of a kind fails, and only that one") func nth() throws {
        let scratch = try ScratchDirectory()
        let faulty = FaultyCalls(failAt: 2, only: [.unlink], code: EIO)
        let directory = try Directory(creating: scratch.path, calls: faulty.calls)
        try directory.remove("a")
        #expect(!faulty.hasFired)
        #expect(throws: SystemError(code: EIO, call: "unlink", object: scratch.path + "/b")) {
            try directory.remove("b")
        }
        try directory.remove("c")
        #expect(faulty.count == 3)
        #expect(faulty.record.last == FaultyCalls.Call(.unlink, scratch.path + "/c"))
        faulty.rearm(failAt: 1)
        #expect(throws: SystemError.self) { try directory.remove("d") }
        #expect(faulty.hasFired)
    }

    @Test("A call that fails on purpose is not made") func notMade() throws {
        let scratch = try ScratchDirectory()
        try scratch.write("kept", "")
        let faulty = FaultyCalls(failAt: 1, only: [.unlink])
        let directory = try Directory(creating: scratch.path, calls: faulty.calls)
        #expect(throws: SystemError.self) { try directory.remove("kept") }
        #expect(try directory.size(of: "kept") == 0)
    }

    @Test("An error says what, on which object, why") func texts() {
        let error = SystemError(code: ENOSPC, call: "fsync", object: "blobs/sha256")
        #expect(error.description == "cannot fsync blobs/sha256: No space left on device")
        #expect(SystemError.text(-7).contains("-7"))
        #expect(SystemError.text(99_999).contains("99999"))
    }

    @Test("Errors of the disk are told from others") func kinds() {
        for code in [ENOSPC, EDQUOT, EIO, EROFS, EFBIG] {
            #expect(SystemError(code: code, call: "", object: "").isStorageFailure)
        }
        for code in [ENOENT, EEXIST, EACCES, EINVAL, EBADF, EMFILE, 0] {
            #expect(!SystemError(code: code, call: "", object: "").isStorageFailure)
        }
        #expect(SystemError(code: ENOENT, call: "", object: "").isNotFound)
        #expect(!SystemError(code: EEXIST, call: "", object: "").isNotFound)
        #expect(SystemError(code: EEXIST, call: "", object: "").alreadyExists)
    }

    @Test("The wall clock counts microseconds since 1970, forwards") func clock() {
        let first = WallClock.now()
        #expect(first > 1_700_000_000_000_000)
        #expect(first < 4_000_000_000_000_000)
        #expect(WallClock.now() >= first)
        #expect(ProcessIdentity.number == getpid())
    }
}
