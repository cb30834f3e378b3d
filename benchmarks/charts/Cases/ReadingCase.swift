import Archive
import BenchmarkSupport
import ChartArchive
import Codecs
import Glibc

/// Reading the metadata of published archives, in one thread of this program, and what parts of it cost alone.
enum ReadingCase {
    static let option = Options.PathOption("--archives", "DIRECTORY", "published charts for the case read")

    static func run(_ session: Session) throws(BenchmarkFailure) {
        guard let folder = session.options.paths[option.name], !folder.isEmpty else {
            Report.note("  skipped: no \(option.name)")
            return
        }
        let archives = try contents(of: folder)
        guard !archives.isEmpty else { throw BenchmarkFailure("\(folder) holds no archives") }
        let inflater = Inflater()
        let kinds: [(String, ([UInt8]) throws -> Void)] = [
            ("metadata", measure), ("entries", unpack), ("inflate", { _ = try inflater.byteCount($0) }),
            ("sha256", hash),
        ]
        var all = kinds.map { Series($0.0) }
        for round in -1..<session.options.rounds {
            for (number, kind) in kinds.enumerated() {
                let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
                for archive in archives {
                    do {
                        try kind.1(archive.bytes)
                    } catch {
                        throw BenchmarkFailure("\(archive.path): \(error)")
                    }
                }
                let seconds = Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9
                // The first round warms the caches.
                if round >= 0 { all[number].add(Double(archives.count) / seconds) }
            }
        }
        var result = CaseResult(name: "read", unit: "1/s", connections: 0)
        let whole = all[0]
        result.extra[whole.label] =
            [("archives", .integer(archives.count)), ("bytes", .integer(archives.reduce(0) { $0 + $1.bytes.count }))]
            + all.dropFirst().map { ("\($0.label)_share", .number(whole.ratio(to: $0) ?? 0)) }
        session.report.tell(result, all)
    }

    private static func measure(_ bytes: [UInt8]) throws {
        _ = try ChartArchiveReader.measure(nextPiece: pieces(of: bytes))
    }

    /// Walks through the archive without a look at what is in it.
    private static func unpack(_ bytes: [UInt8]) throws {
        var reader = try ArchiveReader(nextPiece: pieces(of: bytes))
        while try reader.nextEntry() != nil {}
    }

    private static func hash(_ bytes: [UInt8]) {
        let hasher = ContentHasher(.sha256)
        hasher.update(bytes.span)
        _ = hasher.finish()
    }

    /// As an upload gives them: 64 KiB at a time.
    private static func pieces(of bytes: [UInt8]) -> () -> [UInt8]? {
        var start = 0
        return {
            guard start < bytes.count else { return nil }
            defer { start += 65_536 }
            return Array(bytes[start..<min(start + 65_536, bytes.count)])
        }
    }

    /// Every `.tgz` below a folder.
    private static func contents(of folder: String) throws(BenchmarkFailure) -> [(path: String, bytes: [UInt8])] {
        let found = try Child.output(of: ["find", folder, "-name", "*.tgz"], in: "/var/tmp")
        var all: [(path: String, bytes: [UInt8])] = []
        for path in found.split(separator: "\n").map(String.init).sorted() { all.append((path, try readFile(path))) }
        return all
    }
}
