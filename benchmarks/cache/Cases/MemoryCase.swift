import BenchmarkSupport

/// The peak of resident memory of the Chartrooms of the cases before.
enum MemoryCase {
    /// The series of the largest.
    static let all = "all"

    static func run(_ session: Session, _ fixture: CacheFixture) throws(BenchmarkFailure) {
        var largest: [String: Int] = [:]
        var order: [String] = []
        for peak in fixture.peaks {
            if largest[peak.stage] == nil { order.append(peak.stage) }
            largest[peak.stage] = max(largest[peak.stage] ?? 0, peak.bytes)
        }
        guard !order.isEmpty else {
            Report.note("  skipped: no case was run before")
            return
        }
        let result = CaseResult(name: "memory", unit: "bytes", connections: 0, lessIsBetter: true, isComparison: false)
        let series = order.map { Series($0, Double(largest[$0] ?? 0)) }
        session.report.tell(result, series + [Series(all, series.flatMap(\.rates).max() ?? 0)])
    }
}
