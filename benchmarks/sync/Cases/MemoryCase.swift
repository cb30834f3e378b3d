import BenchmarkSupport

/// The peak of resident memory of the runs of Chartroom in the cases before.
enum MemoryCase {
    /// The series of the largest.
    static let all = "all"

    static func run(_ session: Session, _ fixture: SyncFixture) throws(BenchmarkFailure) {
        var largest: [(stage: String, bytes: Int)] = []
        for peak in fixture.peaks {
            if let known = largest.firstIndex(where: { $0.stage == peak.stage }) {
                largest[known].bytes = max(largest[known].bytes, peak.bytes)
            } else {
                largest.append(peak)
            }
        }
        guard let most = largest.map(\.bytes).max() else {
            Report.note("  skipped: no case was run before")
            return
        }
        let result = CaseResult(name: "memory", unit: "bytes", connections: 0, lessIsBetter: true, isComparison: false)
        session.report.tell(result, largest.map { Series($0.stage, Double($0.bytes)) } + [Series(all, Double(most))])
    }
}
