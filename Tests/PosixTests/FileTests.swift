import Glibc
import Posix
import TestSupport
import Testing

@Suite struct FileTests {
    private let scratch: ScratchDirectory
    private let directory: Directory

    init() throws {
        scratch = try ScratchDirectory()
        directory = try Directory(creating: scratch.path)
    }

    private func makeFile(_ text: String) throws -> File {
        try scratch.write("f", text)
        return try directory.open("f", .readWrite)
    }

    @Test("What is written is read, from any offset") func roundTrip() throws {
        let file = try directory.open("new", .createNew)
        try file.write(Array("hello ".utf8).span)
        try file.write(Array("world".utf8).span)
        try file.write([UInt8]().span)
        #expect(try file.size() == 11)
        #expect(try file.read(at: 0, maximumBytes: 100) == Array("hello world".utf8))
        #expect(try file.read(at: 6, maximumBytes: 3) == Array("wor".utf8))
        #expect(try file.read(at: 11, maximumBytes: 3).isEmpty)
        #expect(try file.read(at: 1 << 40, maximumBytes: 3).isEmpty)
        #expect(try file.read(at: 0, maximumBytes: 0).isEmpty)
    }

    @Test("Cutting and seeking let the next bytes go where they belong") func cut() throws {
        let file = try makeFile("0123456789")
        try file.truncate(to: 4)
        try file.seek(to: 4)
        try file.write(Array("x".utf8).span)
        #expect(try file.read(at: 0, maximumBytes: 100) == Array("0123x".utf8))
    }

    @Test("A read before the first byte is an error, not a trap") func negativeOffset() throws {
        let file = try makeFile("0123456789")
        #expect(throws: SystemError(code: EINVAL, call: "read", object: scratch.path + "/f")) {
            try file.read(at: -1, maximumBytes: 3)
        }
        #expect(throws: SystemError(code: EINVAL, call: "lseek", object: scratch.path + "/f")) { try file.seek(to: -1) }
        #expect(throws: SystemError(code: EINVAL, call: "ftruncate", object: scratch.path + "/f")) {
            try file.truncate(to: -1)
        }
    }

    @Test("Writing to a file that is open for reading is an error that names it") func readOnly() throws {
        try scratch.write("f", "abc")
        let file = try directory.open("f", .read)
        #expect(throws: SystemError(code: EBADF, call: "write", object: scratch.path + "/f")) {
            try file.write([1].span)
        }
    }

    @Test("A full device fails the write with ENOSPC") func fullDevice() throws {
        let file = File(descriptor: Glibc.open("/dev/full", O_WRONLY | O_CLOEXEC), name: "full")
        let error = #expect(throws: SystemError.self) { try file.write([1, 2, 3].span) }
        #expect(error?.code == ENOSPC)
        #expect(error?.isStorageFailure == true)
        #expect(error?.description == "cannot write full: No space left on device")
    }

    @Test("A file closes when it goes out of scope, once") func closesItself() throws {
        let number: CInt
        do {
            let file = try makeFile("abc")
            number = file.descriptorNumber
            #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        }
        // Another test may have been given the number since; then it is not this file.
        #expect(!isOpen(number, scratch.path + "/f"))
    }

    @Test("Closing reports nothing when all is well, and a taken descriptor stays open") func takes() throws {
        try makeFile("abc").close()
        let number = try makeFile("abc").takeDescriptor()
        #expect(isOpen(number, scratch.path + "/f"))
        close(number)
    }

    @Test("Write-back is a hint that never fails") func hint() throws {
        let file = try makeFile("abc")
        file.beginWriteback(offset: 0, length: 3)
        file.beginWriteback(offset: -1, length: -1)
        try file.syncData()
    }

    @Test("Each call that matters can be made to fail", arguments: [SystemCall.write, .read, .ftruncate, .fdatasync])
    func faults(kind: SystemCall) throws {
        let faulty = FaultyCalls(failAt: 1, only: [kind], code: EIO)
        let file = try Directory(creating: scratch.path, calls: faulty.calls).open("x", .createNew)
        let error = #expect(throws: SystemError.self) {
            try file.write([1].span)
            _ = try file.read(at: 0, maximumBytes: 1)
            try file.truncate(to: 0)
            try file.syncData()
        }
        #expect(error == SystemError(code: EIO, call: kind.rawValue, object: scratch.path + "/x"))
    }

    @Test("A close that fails has closed all the same") func closeFault() throws {
        let faulty = FaultyCalls(failAt: 1, only: [.close], code: EIO)
        let file = try Directory(creating: scratch.path, calls: faulty.calls).open("x", .createNew)
        let number = file.descriptorNumber
        var failure: SystemError?
        do throws(SystemError) { try file.close() } catch { failure = error }
        #expect(failure == SystemError(code: EIO, call: "close", object: scratch.path + "/x"))
        #expect(!isOpen(number, scratch.path + "/x"))
    }
}

/// Whether a descriptor is open on a file.
func isOpen(_ number: CInt, _ path: String) -> Bool {
    var (mine, other) = (stat(), stat())
    guard fstat(number, &mine) == 0, stat(path, &other) == 0 else { return false }
    return mine.st_ino == other.st_ino && mine.st_dev == other.st_dev
}
