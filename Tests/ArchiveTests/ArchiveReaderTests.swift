import Archive
import TestSupport
import Testing

/// Everything in an archive, read in pieces.
func contents(
    _ bytes: [UInt8], _ limits: ArchiveLimits = ArchiveLimits(), pieceSize: Int = .max
) throws(ArchiveError) -> [(entry: ArchiveEntry, data: [UInt8])] {
    var rest = bytes[...]
    var archive = try ArchiveReader(limits: limits) {
        let piece = rest.prefix(pieceSize)
        rest = rest.dropFirst(piece.count)
        return piece.isEmpty ? nil : Array(piece)
    }
    var result: [(ArchiveEntry, [UInt8])] = []
    while let entry = try archive.nextEntry() {
        var data: [UInt8] = []
        while let piece = try archive.nextPiece() { data += piece }
        result.append((entry, data))
    }
    return result
}

@Suite struct ArchiveReaderTests {
    @Test("Entries come with path, kind, size, mode and time as written")
    func entries() throws {
        var tar = TarBuilder()
        tar.add("room/", type: "5", mode: 0o755)
        tar.add("room/Chart.yaml", "name: room\n")
        tar.add("../up", Array("x".utf8), mode: 0o4711, modificationTime: 7)
        tar.add("link", type: "2", link: "target")
        tar.add("hard", type: "1", link: "room/Chart.yaml")
        tar.add("pipe", type: "6")
        tar.add("device", type: "3")
        let all = try contents(tar.gzipped)
        #expect(all.map(\.entry.path) == ["room/", "room/Chart.yaml", "../up", "link", "hard", "pipe", "device"])
        #expect(
            all.map(\.entry.kind) == [
                .directory, .file, .file, .symbolicLink("target"), .hardLink("room/Chart.yaml"), .special, .special,
            ])
        #expect(all[1].data == Array("name: room\n".utf8))
        #expect(all[1].entry.size == 11)
        #expect(all[1].entry.modificationTime == 1_700_000_000)
        #expect(all[2].entry.mode & 0o777 == 0o711)
        #expect(all[2].entry.modificationTime == 7)
    }

    @Test("What is not read of an entry is skipped")
    func skipping() throws {
        var tar = TarBuilder()
        tar.add("a", [UInt8](repeating: 1, count: 200_000))
        tar.add("b", "bb")
        var archive = try ArchiveReader(tar.gzipped)
        #expect(try archive.nextEntry()?.path == "a")
        #expect(try archive.nextPiece()?.count == ArchiveReader.pieceSize)
        let second = try #require(try archive.nextEntry())
        #expect(second.path == "b")
        #expect(try archive.remainingData(maximumBytes: 2, of: second) == Array("bb".utf8))
        #expect(try archive.nextPiece() == nil)
        #expect(try archive.nextEntry() == nil)
    }

    @Test("An entry larger than the caller wants is refused before it is read")
    func maximum() throws {
        var tar = TarBuilder()
        tar.add("a", "abc")
        var archive = try ArchiveReader(tar.gzipped)
        let entry = try #require(try archive.nextEntry())
        let error = #expect(throws: ArchiveError.self) { try archive.remainingData(maximumBytes: 2, of: entry) }
        #expect(error?.description == "entry \"a\" of the archive is larger than 2 bytes")
    }

    @Test("The source's own error comes back")
    func source() throws {
        struct Broken: Error {}
        var pieces = [Array(Gzip.stored([UInt8](repeating: 0, count: 4096)).prefix(100))]
        let error = #expect(throws: ArchiveError.self) {
            var archive = try ArchiveReader {
                guard let piece = pieces.popLast() else { throw Broken() }
                return piece
            }
            while try archive.nextEntry() != nil {}
        }
        guard case .source(let cause) = error else {
            Issue.record("not the source's error: \(String(describing: error))")
            return
        }
        #expect(cause is Broken)
    }

    @Test("Names beyond 100 bytes and names that are not ASCII are read in pax and GNU format")
    func longNames() throws {
        let long = String(repeating: "very/", count: 30) + "lång"
        let record = " path=" + long + "\n"
        let length = record.utf8.count + 3
        var tar = TarBuilder()
        tar.add("pax", Array("\(length)\(record)".utf8), type: "x")
        tar.add("short", "1")
        tar.add("././@LongLink", Array((long + "2\0").utf8), type: "L")
        tar.add("short", "2")
        tar.add("plain-ü", "3")
        #expect(try contents(tar.gzipped).map(\.entry.path) == [long, long + "2", "plain-ü"])
    }

    @Test("Archives survive any cutting of their bytes", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func anyPieces(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var tar = TarBuilder()
        var expected: [[UInt8]] = []
        for number in 0..<Int.random(in: 1...20, using: &random) {
            let count = Int.random(in: 0...3000, using: &random)
            let data = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            tar.add("entry-\(number)", data)
            expected.append(data)
        }
        let whole = try contents(tar.gzipped)
        #expect(whole.map(\.data) == expected, "seed \(seed)")
        for pieceSize in [1, 7, 511, 512, 4096] {
            #expect(try contents(tar.gzipped, pieceSize: pieceSize).map(\.data) == expected, "seed \(seed)")
        }
    }
}
