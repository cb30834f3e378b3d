import Archive
import TestSupport
import Testing

@Suite struct HostileArchiveTests {
    private func message(_ bytes: [UInt8], _ limits: ArchiveLimits = ArchiveLimits()) -> String {
        do {
            let all = try contents(bytes, limits)
            return "read \(all.count) entries"
        } catch {
            return error.description
        }
    }

    private var small: TarBuilder {
        var tar = TarBuilder()
        tar.add("a", [UInt8](repeating: 7, count: 2000))
        return tar
    }

    @Test("Bytes that are not gzip are refused, a bare tar archive included")
    func notGzip() {
        #expect(message([]) == "not a gzip-compressed archive")
        #expect(message(Array("name: room\n".utf8)) == "not a gzip-compressed archive")
        #expect(message(small.finished) == "not a gzip-compressed archive")
        #expect(message(Gzip.stored(small.gzipped)) == "not a gzip-compressed archive")
    }

    @Test("Gzip around something else than tar is refused")
    func notTar() {
        #expect(message(Gzip.stored(Array("name: room\n".utf8))) == "not a tar archive inside gzip")
        let zip = Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 600)
        #expect(message(Gzip.stored(zip)) == "not a tar archive inside gzip")
    }

    @Test("An archive cut anywhere is truncated or empty, never a partial success")
    func truncated() {
        let bytes = small.gzipped
        let dataEnd = bytes.count - 8 - 1024 - 48
        for length in stride(from: 0, to: dataEnd, by: 13) {
            let text = message(Array(bytes.prefix(length)))
            #expect(
                text == (length < 3 ? "not a gzip-compressed archive" : "the archive ends too early"),
                "cut at \(length)")
        }
        #expect(message(Gzip.stored(Array(small.finished.prefix(700)))) == "the archive ends too early")
    }

    @Test("Each limit stops where it stands")
    func limits() {
        var limits = ArchiveLimits()
        limits.entries = 2
        var tar = small
        tar.add("b")
        #expect(message(tar.gzipped, limits) == "read 2 entries")
        tar.add("c")
        #expect(message(tar.gzipped, limits) == "the archive has more than 2 entries")
        limits = ArchiveLimits()
        limits.entryBytes = 2000
        #expect(message(small.gzipped, limits) == "read 1 entries")
        limits.entryBytes = 1999
        #expect(message(small.gzipped, limits) == "entry \"a\" of the archive is larger than 1999 bytes")
        limits = ArchiveLimits()
        limits.totalBytes = 3000
        tar = small
        #expect(message(tar.gzipped, limits) == "read 1 entries")
        tar.add("b", [UInt8](repeating: 7, count: 1001))
        #expect(message(tar.gzipped, limits) == "the archive unpacks to more than 3000 bytes")
        limits = ArchiveLimits()
        limits.pathBytes = 0
        #expect(message(small.gzipped, limits) == "the archive is malformed: an entry's path is longer than 0 bytes")
    }

    @Test("A bomb stops at the limit, whatever size it declares")
    func bomb() {
        var declared = TarBuilder()
        declared.add("bomb", size: 8 << 30 - 1)
        #expect(
            message(Gzip.bomb(Array(declared.bytes.prefix(512)), zeros: 1 << 20))
                == "entry \"bomb\" of the archive is larger than 33554432 bytes")
        var limits = ArchiveLimits()
        limits.totalBytes = 1 << 20
        var many = TarBuilder()
        for number in 0..<5 { many.add("bomb-\(number)", [UInt8](repeating: 0, count: 300_000)) }
        #expect(message(many.gzipped, limits) == "the archive unpacks to more than 1048576 bytes")
        var hidden = TarBuilder()
        for _ in 0..<20 {
            let path = Array("path=".utf8) + [UInt8](repeating: UInt8(ascii: "p"), count: 90_000) + [10]
            hidden.add("pax", Array("90012 ".utf8) + path, type: "x")
            hidden.add("a")
        }
        limits.pathBytes = 1 << 20
        #expect(message(hidden.gzipped, limits) == "the archive unpacks to more than 1048576 bytes")
    }

    @Test("Headers that unfold without end cost no stack and no memory", arguments: ["x", "L", "K", "g"])
    func headers(type: String) throws {
        var tar = TarBuilder()
        let record = Array("19 comment=nothing\n".utf8)
        for _ in 0..<2_000 { tar.add("more", record, type: try #require(type.first)) }
        tar.add("a", "a")
        let text = message(tar.gzipped)
        #expect(text.hasPrefix("the archive is malformed") || text.hasPrefix("read"), "\(text)")
        var long = TarBuilder()
        long.add("pax", [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20), type: try #require(type.first))
        long.add("a", "a")
        #expect(!message(long.gzipped).isEmpty)
    }

    @Test("Sizes that make no sense are refused")
    func sizes() {
        var tar = TarBuilder()
        tar.add("a", size: 1 << 32)
        #expect(message(tar.gzipped) == "entry \"a\" of the archive is larger than 33554432 bytes")
        var header = Array(small.bytes.prefix(512))
        header[124..<136] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]
        var checked = header
        checked[148..<156] = Array("        ".utf8)[...]
        let sum = String(checked.reduce(0) { $0 + Int($1) }, radix: 8)
        header[148..<155] = Array((String(repeating: "0", count: 6 - sum.count) + sum + "\0").utf8)[...]
        let text = message(Gzip.stored(header + [UInt8](repeating: 0, count: 1024)))
        #expect(text.hasPrefix("the archive is malformed"), "\(text)")
    }
}
