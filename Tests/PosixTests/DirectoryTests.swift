import Glibc
import Posix
import TestSupport
import Testing

@Suite struct DirectoryTests {
    private let scratch: ScratchDirectory
    private let directory: Directory

    init() throws {
        scratch = try ScratchDirectory()
        directory = try Directory(creating: scratch.path)
    }

    @Test("Missing parents are made, for the owner and the group only") func parents() throws {
        let made = try Directory(creating: scratch.path + "/a/b/c")
        #expect(made.path == scratch.path + "/a/b/c")
        var status = stat()
        #expect(stat(scratch.path + "/a/b", &status) == 0)
        #expect(status.st_mode & 0o027 == 0)
        _ = try Directory(creating: scratch.path + "/a/b/c/")
    }

    @Test("A directory that is made is durable: its parent is flushed") func durableParents() throws {
        let faulty = FaultyCalls()
        _ = try Directory(creating: scratch.path + "/a/b", calls: faulty.calls)
        #expect(
            faulty.record == [
                .init(.mkdir, scratch.path + "/a"), .init(.fsync, scratch.path),
                .init(.mkdir, scratch.path + "/a/b"), .init(.fsync, scratch.path + "/a"),
                .init(.open, scratch.path + "/a/b"),
            ])
        faulty.rearm()
        _ = try Directory(creating: scratch.path + "/a/b", calls: faulty.calls)
        #expect(faulty.record == [.init(.open, scratch.path + "/a/b")])
    }

    @Test("A file in the way is no directory") func fileInTheWay() throws {
        let path = try scratch.write("f", "")
        #expect(throws: SystemError(code: ENOTDIR, call: "open", object: path)) { try Directory(creating: path) }
        #expect(throws: SystemError(code: ENOTDIR, call: "mkdir", object: path + "/x")) {
            try Directory(creating: path + "/x")
        }
        #expect(throws: SystemError.self) { try Directory(creating: "") }
    }

    @Test(
        "A name that is no plain name is refused everywhere", arguments: ["", ".", "..", "a/b", "/etc", "a\0b", "../x"])
    func names(name: String) throws {
        let refusal = SystemError(code: EINVAL, call: "look up", object: scratch.path + "/?")
        try scratch.write("real", "x")
        #expect(throws: refusal) { try directory.openDescriptor(name, .read) }
        #expect(throws: refusal) { try directory.openDescriptor(name, .createNew) }
        #expect(throws: refusal) { try directory.size(of: name) }
        #expect(throws: refusal) { try directory.remove(name) }
        #expect(throws: refusal) { try directory.rename(name, to: "x", in: directory) }
        #expect(throws: refusal) { try directory.rename("real", to: name, in: directory) }
        #expect(try directory.names() == ["real"])
    }

    @Test("No symbolic link is followed", arguments: [Directory.Mode.read, .readWrite, .createNew])
    func symbolicLinks(mode: Directory.Mode) throws {
        let outside = try ScratchDirectory()
        let target = try outside.write("secret", "do not touch")
        #expect(symlink(target, scratch.path + "/link") == 0)
        let error = #expect(throws: SystemError.self) { try directory.openDescriptor("link", mode) }
        #expect(error?.code == (mode == .createNew ? EEXIST : ELOOP))
        #expect(try directory.size(of: "link") == Int64(target.utf8.count))
        try directory.remove("link")
        #expect(access(target, F_OK) == 0)
    }

    @Test("A new file must not exist, an old one must") func modes() throws {
        try directory.open("f", .createNew).close()
        let exists = #expect(throws: SystemError.self) { try directory.openDescriptor("f", .createNew) }
        #expect(exists?.alreadyExists == true)
        for mode in [Directory.Mode.read, .readWrite] {
            let missing = #expect(throws: SystemError.self) { try directory.openDescriptor("g", mode) }
            #expect(missing?.isNotFound == true)
        }
        var status = stat()
        #expect(stat(scratch.path + "/f", &status) == 0)
        #expect(status.st_mode & 0o137 == 0)
    }

    @Test("Sizes, and nil for what is not there") func sizes() throws {
        try scratch.write("f", "12345")
        #expect(try directory.size(of: "f") == 5)
        #expect(try directory.size(of: "g") == nil)
        #expect(throws: SystemError(code: ENAMETOOLONG, call: "stat", object: scratch.path + "/" + longName)) {
            try directory.size(of: longName)
        }
    }

    private var longName: String { String(repeating: "n", count: 300) }

    @Test("A rename replaces what has the name") func renames() throws {
        let other = try Directory(creating: scratch.path + "/other")
        try scratch.write("f", "new")
        try scratch.write("other/g", "old")
        try directory.rename("f", to: "g", in: other)
        #expect(try other.open("g", .read).read(at: 0, maximumBytes: 9) == Array("new".utf8))
        #expect(try directory.size(of: "f") == nil)
        let error = #expect(throws: SystemError.self) { try directory.rename("f", to: "g", in: other) }
        #expect(error?.isNotFound == true)
    }

    @Test("Removing what is not there is fine, removing a directory is not") func removal() throws {
        try scratch.write("f", "")
        try directory.remove("f")
        try directory.remove("f")
        _ = try Directory(creating: scratch.path + "/d")
        #expect(throws: SystemError.self) { try directory.remove("d") }
        #expect(try directory.names() == ["d"])
    }

    @Test("All names are listed, many of them, again and again") func listing() throws {
        #expect(try directory.names().isEmpty)
        let names = (0..<2000).map { "file-\($0)" }
        for name in names { try directory.open(name, .createNew).close() }
        for _ in 0..<2 { #expect(try directory.names().sorted() == names.sorted()) }
    }

    @Test("A listing keeps no descriptor") func listingDescriptors() throws {
        let before = try descriptors(on: scratch.path)
        for _ in 0..<20 { _ = try directory.names() }
        #expect(try descriptors(on: scratch.path) == before)
    }

    private func descriptors(on path: String) throws -> Int {
        let all = try Directory(creating: "/proc/self/fd").names().compactMap { CInt($0) }
        return all.count { isOpen($0, path) }
    }

    @Test("Flushes work, and the file system tells how much is free") func flushes() throws {
        try directory.sync()
        try directory.syncFileSystem()
        #expect(Directory.reportsFileSystemErrors)
        let free = try directory.freeBytes()
        #expect(free > 0)
        #expect(free < 1 << 60)
    }

    @Test(
        "Each call that changes names can be made to fail",
        arguments: [
            SystemCall.open, .mkdir, .fsync, .syncfs, .rename, .unlink,
        ])
    func faults(kind: SystemCall) throws {
        let faulty = FaultyCalls(code: EIO)
        let target = try Directory(creating: scratch.path, calls: faulty.calls)
        let only = FaultyCalls(failAt: kind == .open ? 2 : 1, only: [kind], code: EIO)
        let error = #expect(throws: SystemError.self) {
            let directory = try Directory(creating: scratch.path + "/sub", calls: only.calls)
            try directory.open("f", .createNew).close()
            try directory.sync()
            try directory.syncFileSystem()
            try directory.rename("f", to: "g", in: directory)
            try directory.remove("g")
        }
        #expect(error?.code == EIO)
        #expect(error?.call == kind.rawValue)
        #expect(only.hasFired)
        #expect(try target.size(of: "sub") != nil || kind == .mkdir)
    }
}
