import Glibc
import Posix
import TestSupport
import Testing

@Suite struct OpenFileTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    private func open(_ text: String) throws -> OpenFile {
        try scratch.write("f", text)
        let descriptor = try Directory(creating: scratch.path).openDescriptor("f", .read)
        return try OpenFile(descriptor: descriptor, name: "f")
    }

    @Test("It knows its size and reads from any offset") func reads() throws {
        let file = try open("0123456789")
        #expect(file.size == 10)
        #expect(try file.read(at: 0, maximumBytes: 100) == Array("0123456789".utf8))
        #expect(try file.read(at: 8, maximumBytes: 1) == Array("8".utf8))
        #expect(try file.read(at: 10, maximumBytes: 1).isEmpty)
        #expect(try file.read(at: 1 << 40, maximumBytes: 1).isEmpty)
        #expect(throws: SystemError(code: EINVAL, call: "read", object: "f")) { try file.read(at: -1, maximumBytes: 1) }
    }

    @Test("The descriptor is given up once, and nothing is read any more") func takes() throws {
        let file = try open("abc")
        let number = file.takeDescriptor()
        #expect(isOpen(number, scratch.path + "/f"))
        #expect(file.takeDescriptor() == -1)
        #expect(throws: SystemError(code: EBADF, call: "read", object: "f")) { try file.read(at: 0, maximumBytes: 1) }
        close(number)
    }

    @Test("It closes when the last owner goes") func closesItself() throws {
        var number: CInt = -1
        do {
            let file = try open("abc")
            number = file.takeDescriptor()
            let again = try OpenFile(descriptor: number, name: "f")
            #expect(again.size == 3)
        }
        #expect(!isOpen(number, scratch.path + "/f"))
    }

    @Test("A descriptor that is none is an error") func noDescriptor() {
        #expect(throws: SystemError(code: EBADF, call: "fstat", object: "f")) {
            try OpenFile(descriptor: -1, name: "f")
        }
    }

    @Test("Several threads read at once") func concurrent() async throws {
        let file = try open(String(repeating: "0123456789", count: 1000))
        await withTaskGroup(of: Bool.self) { group in
            for start in 0..<8 {
                group.addTask {
                    (0..<200).allSatisfy { turn in
                        let offset = (start * 811 + turn * 37) % 9990
                        let bytes = try? file.read(at: Int64(offset), maximumBytes: 10)
                        return bytes == (0..<10).map { UInt8(48 + (offset + $0) % 10) }
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
