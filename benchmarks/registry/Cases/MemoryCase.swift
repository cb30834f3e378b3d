import BenchmarkSupport
import Glibc
import RegistryLoad
import Synchronization

/// Resident memory: after the start, and at its peak while many push and pull and two move a big blob.
enum MemoryCase {
    private static let clients = 64
    private static let repository = "bench/chart-0"

    static func run(_ session: Session) throws(BenchmarkFailure) {
        var idle: [Series] = []
        var peak: [Series] = []
        var idleResult = CaseResult(name: "memory-idle", unit: "bytes", connections: 0, lessIsBetter: true)
        var peakResult = CaseResult(
            name: "memory-load", unit: "bytes", connections: clients * 2 + 2, lessIsBetter: true)
        for kind in session.participants([.chartroom, .dockerRegistry]) {
            let launch = try session.launch(kind)
            let stored = BigBlob(megabytes: session.scale.bigBlobMegabytes, seed: 3)
            var server = try Server(launch)
            idle.append(Series(kind.rawValue, Double(ProcessUsage.memory("VmRSS", of: server.processes))))
            let anonymous = ProcessUsage.memory("RssAnon", of: server.processes)
            idleResult.extra[kind.rawValue] = [("anonymous_bytes", .integer(anonymous))]
            try stored.upload(port: server.port, to: repository)
            server.stop()
            server = try Server(launch)
            let done = try load(session, server, stored)
            let processes = server.processes
            peak.append(Series(kind.rawValue, Double(ProcessUsage.memory("VmHWM", of: processes))))
            peakResult.extra[kind.rawValue] = [
                ("charts", .integer(done.charts)), ("downloads", .integer(done.downloads)),
                ("blob_bytes", .integer(stored.byteCount)),
                ("rss_after_bytes", .integer(ProcessUsage.memory("VmRSS", of: processes))),
                ("anonymous_after_bytes", .integer(ProcessUsage.memory("RssAnon", of: processes))),
            ]
            server.stop()
        }
        session.report.tell(idleResult, idle)
        session.report.tell(peakResult, peak)
    }

    /// Pushes and pulls charts, and downloads a big blob again and again, until another is uploaded and the time is over.
    private static func load(
        _ session: Session, _ server: Server, _ stored: BigBlob
    ) throws(BenchmarkFailure) -> (charts: Int, downloads: Int) {
        let (port, end) = (server.port, nanoseconds() + Int(session.scale.memorySeconds * 1e9))
        let fresh = BigBlob(megabytes: session.scale.bigBlobMegabytes, seed: 4)
        let isUploaded = Flag()
        let upload = try Worker { () throws(BenchmarkFailure) in
            defer { isUploaded.raise() }
            try fresh.upload(port: port, to: repository)
        }
        let download = try Worker { () throws(BenchmarkFailure) -> Int in
            let connection = try Connection(port: port)
            var count = 0
            while nanoseconds() < end || !isUploaded.isRaised {
                try connection.exchange(.blob("GET", repository, stored.digest), expecting: 200)
                count += 1
            }
            return count
        }
        let maker = ChartMaker(layerByteCount: 50_000)
        let numbers = Counter()
        let counts = try onThreads(clients) { _ throws(BenchmarkFailure) in
            let client = try HelmClient(port: port)
            var count = 0
            while nanoseconds() < end || !isUploaded.isRaised {
                let chart = maker.chart(numbers.next())
                try client.push(chart)
                try client.pull(chart)
                count += 1
            }
            return count
        }
        try upload.value()
        return (counts.reduce(0, +), try download.value())
    }
}

/// A blob of many megabytes, which are all the same one.
private struct BigBlob: Sendable {
    let digest: String
    let byteCount: Int
    private let block: [UInt8]
    private let megabytes: Int

    init(megabytes: Int, seed: UInt64) {
        self.megabytes = megabytes
        byteCount = megabytes << 20
        block = randomBytes(1 << 20, seed: seed)
        digest = digestText([block], repetitions: megabytes)
    }

    func upload(port: UInt16, to repository: String) throws(BenchmarkFailure) {
        let connection = try Connection(port: port)
        let begun = try connection.exchange(.beginUpload(repository), expecting: 202)
        try connection.exchange(
            .putBlob(location: begun.locationPath, digest: digest, body: [block], repetitions: megabytes),
            expecting: 201)
    }
}

/// Something that happens once.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .relaxed) }
    func raise() { value.store(true, ordering: .relaxed) }
}
