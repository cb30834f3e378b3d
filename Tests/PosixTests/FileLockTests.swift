import Glibc
import Posix
import TestSupport
import Testing

@Suite struct FileLockTests {
    private let scratch: ScratchDirectory
    private var path: String { scratch.path + "/lock" }

    init() throws {
        scratch = try ScratchDirectory()
    }

    @Test("Only one holds the lock, and letting go frees it") func exclusive() throws {
        var first = try FileLock.take(path)
        #expect(first != nil)
        #expect(try FileLock.take(path) == nil)
        try first?.write("held by 42\n")
        #expect(FileLock.read(path) == "held by 42\n")
        first = nil
        let second = try #require(try FileLock.take(path))
        #expect(FileLock.read(path) == "held by 42\n")
        try second.write("x")
        #expect(FileLock.read(path) == "x")
        try second.write("")
        #expect(FileLock.read(path) == "")
    }

    @Test("Another process cannot take it, and a killed holder frees it") func processes() async throws {
        let holder = try ServerProcess("flock", ["-F", path, "sh", "-c", "echo held; exec sleep 600"])
        #expect(await holder.line(containing: "held") != nil)
        #expect(try FileLock.take(path) == nil)
    }

    @Test("A path that cannot be opened is an error") func unopenable() throws {
        #expect(throws: SystemError(code: ENOENT, call: "open", object: scratch.path + "/no/lock")) {
            try FileLock.take(scratch.path + "/no/lock")
        }
        #expect(FileLock.read(scratch.path + "/no/lock") == nil)
    }

    @Test("The text of the holder is cut at 4 KiB") func longText() throws {
        let lock = try #require(try FileLock.take(path))
        try lock.write(String(repeating: "x", count: 5000))
        #expect(FileLock.read(path)?.utf8.count == 4096)
    }
}
