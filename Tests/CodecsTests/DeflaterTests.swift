import Codecs
import Glibc
import TestSupport
import Testing

@Suite struct DeflaterTests {
    /// Text that compresses and noise that does not.
    private static func sample(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        while bytes.count < count {
            if Bool.random(using: &generator) {
                bytes += generator.bytes(Int.random(in: 1...50_000, using: &generator))
            } else {
                let line = Array("{\"name\":\"chart-\(UInt8.random(in: 0...9, using: &generator))\"},".utf8)
                for _ in 0..<Int.random(in: 1...5000, using: &generator) { bytes += line }
            }
        }
        return Array(bytes.prefix(count))
    }

    private static func gzip(_ pieces: [[UInt8]]) -> [UInt8] {
        let deflater = Deflater()
        var file = GzipFrame.header
        var checksum = CRC32()
        for piece in pieces {
            deflater.append(piece.span, to: &file)
            checksum.append(CRC32(of: piece.span))
        }
        return file + GzipFrame.trailer(checksum)
    }

    @Test(
        "Pieces one behind the other are one gzip file, read by strangers",
        arguments: [[], [0], [1], [65_536], [100, 0, 200_000, 3], [300_000, 300_000]], Seeds.some())
    func pieces(sizes: [Int], seed: UInt64) throws {
        let pieces = sizes.enumerated().map { Self.sample($1, seed: seed &+ UInt64($0)) }
        let file = Self.gzip(pieces)
        #expect(try Gunzip.strict(file) == pieces.flatMap { $0 })
        #expect(try Gunzip.bytes(of: file) == pieces.flatMap { $0 })
    }

    @Test("A piece is the same whatever was compressed before it, so order does not matter")
    func independence() throws {
        let deflater = Deflater()
        let sample = Self.sample(100_000, seed: 7)
        var first: [UInt8] = []
        deflater.append(sample.span, to: &first)
        var second: [UInt8] = []
        deflater.append(Self.sample(50_000, seed: 8).span, to: &second)
        var third: [UInt8] = []
        deflater.append(sample.span, to: &third)
        #expect(first == third)
        #expect(Self.gzip([sample, sample]).count > Self.gzip([sample]).count)
    }

    @Test("Text shrinks")
    func ratio() {
        let text = [UInt8](repeating: 0x61, count: 1_000_000)
        #expect(Self.gzip([text]).count < 5000)
    }

    @Test("Checksums of parts combine to that of the whole", arguments: Seeds.some())
    func checksums(seed: UInt64) {
        let bytes = Self.sample(10_000, seed: seed)
        #expect(CRC32(of: Array("123456789".utf8).span).value == 0xCBF4_3926)
        var sum = CRC32()
        for start in stride(from: 0, to: bytes.count, by: 999) {
            sum.append(CRC32(of: bytes[start..<min(start + 999, bytes.count)].span))
        }
        #expect(sum == CRC32(of: bytes.span))
        var running = CRC32()
        running.update(bytes.span)
        #expect(running == sum && sum.byteCount == 10_000)
    }
}
