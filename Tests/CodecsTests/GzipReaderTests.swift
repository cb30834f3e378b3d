import Codecs
import TestSupport
import Testing

@Suite struct GzipReaderTests {
    private func packed(_ bytes: [UInt8]) -> [UInt8] {
        var file = GzipFrame.header
        Deflater().append(bytes.span, to: &file)
        return file + GzipFrame.trailer(CRC32(of: bytes.span))
    }

    private func unpacked(_ file: [UInt8], limit: Int = 1 << 20, pieces: Int = 1000) throws -> [UInt8] {
        let reader = GzipReader(maximumBytes: limit)
        var output: [UInt8] = []
        var rest = file[...]
        while !rest.isEmpty {
            try reader.read(Array(rest.prefix(pieces)).span, into: &output)
            rest = rest.dropFirst(pieces)
        }
        try reader.finish()
        return output
    }

    @Test("What was packed is unpacked, in pieces of any size", arguments: Seeds.some())
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let count = Int.random(in: 0...200_000, using: &generator)
            let alphabet = UInt8.random(in: 1...255, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...alphabet, using: &generator) }
            let pieces = Int.random(in: 1...70_000, using: &generator)
            #expect(try unpacked(packed(bytes), pieces: pieces) == bytes)
            #expect(try unpacked(packed(bytes) + packed([7]) + packed([]), pieces: pieces) == bytes + [7])
        }
    }

    @Test("What is cut, damaged or no gzip file is refused")
    func malformed() throws {
        let file = packed(Array("a chart of many rooms".utf8))
        for count in file.indices { #expect(throws: GzipError.malformed) { try unpacked(Array(file.prefix(count))) } }
        var damaged = file
        damaged[file.count - 6] ^= 1
        #expect(throws: GzipError.malformed) { try unpacked(damaged) }
        #expect(throws: GzipError.malformed) { try unpacked(file + [1]) }
        #expect(throws: GzipError.malformed) { try unpacked(Array("apiVersion: v1".utf8)) }
    }

    @Test("A bomb is stopped at the limit, and what fits exactly is not")
    func limit() throws {
        let bomb = packed([UInt8](repeating: 0, count: 10 << 20))
        #expect(bomb.count < 20_000)
        #expect(throws: GzipError.tooLarge(limit: 1 << 20)) { try unpacked(bomb) }
        #expect(try unpacked(bomb, limit: 10 << 20).count == 10 << 20)
        #expect(throws: GzipError.tooLarge(limit: (10 << 20) - 1)) { try unpacked(bomb, limit: (10 << 20) - 1) }
    }
}
