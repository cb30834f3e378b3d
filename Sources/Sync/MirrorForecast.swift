public import Content

/// What a run of a plan would ask of both ends, and about how long it would take.
public struct MirrorForecast: Sendable, Equatable {
    /// About how many requests the source would get.
    public var sourceRequests: Int
    /// About how many requests the destination would get.
    public var destinationRequests: Int
    /// Requests a second that the source may be sent; nil for no limit.
    public var sourceRate: Double?
    /// Requests a second that the destination may be sent; nil for no limit.
    public var destinationRate: Double?
    /// How fast the last runs moved bytes, in bytes a second; nil when none did.
    public var bytesPerSecond: Double?
    /// Seconds a run would take; nil when there is nothing to tell it by.
    public var seconds: Double?

    /// Reckons with what the hosts may be sent, and with how fast the mirror's last runs were.
    public init(_ plan: MirrorPlan, ends: any MirrorEnds, runs: [MirrorRun]) {
        let requests = plan.requests
        sourceRequests = requests.source
        destinationRequests = requests.destination
        sourceRate = ends.requestRate(of: plan.from)
        destinationRate = ends.requestRate(of: plan.to)
        let pace = Pace(runs)
        bytesPerSecond = pace.bytes
        // One host at both ends has one budget.
        let isOneHost = plan.from.host != nil && plan.from.host == plan.to.host
        let both = requests.source + requests.destination
        var known = [
            sourceRate.map { Double(isOneHost ? both : requests.source) / $0 },
            destinationRate.map { Double(isOneHost ? both : requests.destination) / $0 },
        ].compactMap { $0 }
        if plan.unknownSizes == 0, let rate = pace.bytes { known.append(Double(plan.bytes) / rate) }
        if let rate = pace.references { known.append(Double(plan.count(of: .copy)) / rate) }
        seconds = plan.items.contains { $0.action.changes } ? known.max().map { min($0, MirrorForecast.longest) } : 0
    }

    /// Longer than anybody waits, and small enough to reckon with.
    private static let longest = 1e9

    /// What runs did in a second.
    private struct Pace {
        var bytes: Double?
        var references: Double?

        init(_ runs: [MirrorRun]) {
            var (seconds, bytes, references) = (0.0, 0.0, 0.0)
            for run in runs where run.counts.copied > 0 {
                guard let end = run.endedAt, end > run.startedAt else { continue }
                seconds += Double(end - run.startedAt) / 1_000_000
                bytes += Double(run.counts.bytes)
                references += Double(run.counts.copied)
            }
            guard seconds > 0 else { return }
            if bytes > 0 { self.bytes = bytes / seconds }
            self.references = references / seconds
        }
    }
}
