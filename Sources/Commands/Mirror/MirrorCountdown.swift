import Content
import Sync

/// How far a run is, as its events tell.
struct MirrorCountdown: Sendable {
    let mirror: String
    /// When it began.
    var start: ContinuousClock.Instant
    /// References in all; nil until the plan is there.
    var total: Int?
    /// References that a run has to do something about.
    var open = 0
    var moving = 0
    /// Open ones that are done, failed ones too.
    var worked = 0
    var done = 0
    var skipped = 0
    var failed = 0
    var bytes: Int64 = 0
    /// When the plan was there.
    var workingSince: ContinuousClock.Instant?

    init(_ mirror: String, at start: ContinuousClock.Instant) {
        self.mirror = mirror
        self.start = start
    }

    mutating func take(_ event: MirrorEvent, at now: ContinuousClock.Instant) {
        switch event {
        case .surveying, .finished: break
        case .planned(let plan):
            total = plan.items.count
            open = plan.items.count { $0.action != .leave && $0.action != .wait }
            failed = plan.problems.count
            workingSince = now
        case .began: moving += 1
        case .moved(_, let count): bytes &+= count
        case .ended(_, .left): skipped += 1
        case .ended(_, let outcome):
            moving = max(0, moving - 1)
            worked += 1
            if case .failed = outcome { failed += 1 } else { done += 1 }
        }
    }

    /// Bytes a second since the plan was there; nil before.
    func bytesPerSecond(_ now: ContinuousClock.Instant) -> Int64? {
        guard let workingSince, now > workingSince else { return nil }
        let rate = Double(bytes) / workingSince.duration(to: now).inSeconds
        return Int64(min(rate, 1e15))
    }

    /// The time left by the references that are done; nil when there is nothing to tell it by.
    func left(_ now: ContinuousClock.Instant) -> Duration? {
        guard let workingSince, worked > 0 else { return nil }
        let each = workingSince.duration(to: now).inSeconds / Double(worked)
        return .seconds(min(1e9, each * Double(max(0, open - worked))))
    }

    /// One line: `stable: 3 done, 2 moving, 10 skipped, 0 failed of 20, 1.5 MiB, 1.0 MiB/s, 5s left`.
    func line(_ now: ContinuousClock.Instant) -> String {
        guard let total else { return "\(mirror): looking" }
        var parts = ["\(done) done", "\(moving) moving", "\(skipped) skipped", "\(failed) failed of \(total)"]
        parts.append(Measure.size(bytes))
        if let rate = bytesPerSecond(now) { parts.append(Measure.size(rate) + "/s") }
        if worked < open, let left = left(now) { parts.append(Measure.time(left) + " left") }
        return "\(mirror): " + parts.joined(separator: ", ")
    }
}

extension MirrorEvent {
    /// The mirror it is about; nil where a reference tells that no more.
    var mirror: String? {
        switch self {
        case .surveying(let mirror), .moved(let mirror, _): mirror
        case .planned(let plan): plan.mirror
        case .finished(let run, _): run.mirror
        case .began, .ended: nil
        }
    }
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
