import BenchmarkSupport

/// Adding one version and fetching the new index, one client at a time.
struct AddCase {
    /// The series of the whole: from the first byte of the upload to the last byte of the index.
    static let whole = "whole"

    let name: String
    let isGzip: Bool

    func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        let (server, client) = (try fixture.chartroom(), try fixture.client())
        let request = HTTPRequest.index(isGzip: isGzip)
        try client.connection.exchange(request, expecting: 200)
        var samples: [Sample] = []
        var length = 0
        let cost = try session.cost(of: server) { () throws(BenchmarkFailure) in
            for _ in 0..<fixture.scale.additions {
                let upload = client.upload(fixture.nextAddition())
                let start = nanoseconds()
                try client.connection.exchange(upload, expecting: 201)
                let pushed = nanoseconds()
                length = try client.connection.exchange(request, expecting: 200).contentLength
                samples.append(
                    Sample(start: start, pushed: pushed, first: client.connection.firstByteAt, last: nanoseconds()))
            }
        }
        fixture.notePeak(name)
        var result = CaseResult(name: name, unit: "ms", connections: 1, lessIsBetter: true, isComparison: false)
        result.extra[AddCase.whole] = [("index_bytes", .integer(length))]
        let parts: [(String, (Sample) -> Int)] = [
            ("push", { $0.pushed - $0.start }), ("first-byte", { $0.first - $0.pushed }),
            ("last-byte", { $0.last - $0.pushed }), (AddCase.whole, { $0.last - $0.start }),
        ]
        fixture.report(
            result,
            parts.map { label, time in
                var series = Series(label)
                for sample in samples { series.add(Double(time(sample)) / 1e6) }
                if label == AddCase.whole { series.note(cost, for: samples.count) }
                return series
            })
    }

    /// When what happened, in nanoseconds.
    private struct Sample {
        var start: Int
        var pushed: Int
        var first: Int
        var last: Int
    }
}
