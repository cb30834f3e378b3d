import Content
import OCIModel
import Telemetry

/// Runs and failures as JSON.
enum MirrorObjects {
    static func run(_ run: MirrorRun) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("id", .integer(run.id)), ("mirror", .string(run.mirror)), ("trigger", .string(run.trigger.rawValue)),
            ("startedAt", Objects.time(run.startedAt)),
        ]
        if let end = run.endedAt { members.append(("endedAt", Objects.time(end))) }
        members.append(("outcome", .string(run.outcome.rawValue)))
        members.append(("counts", counts(run.counts)))
        if !run.message.isEmpty { members.append(("message", .string(run.message))) }
        return .object(members)
    }

    static func failure(_ failure: MirrorFailure) -> JSONValue {
        .object([
            ("source", .string(failure.source)), ("destination", .string(failure.destination)),
            ("side", .string(failure.side.rawValue)), ("reason", .string(failure.reason)),
            ("hint", .string(failure.hint)),
        ])
    }

    private static func counts(_ counts: MirrorCounts) -> JSONValue {
        .object([
            ("selected", .integer(counts.selected)), ("copied", .integer(counts.copied)),
            ("retagged", .integer(counts.retagged)), ("left", .integer(counts.left)),
            ("marked", .integer(counts.marked)), ("pruned", .integer(counts.pruned)),
            ("failed", .integer(counts.failed)), ("blobs", .integer(counts.blobs)), ("bytes", .integer(counts.bytes)),
            ("mounted", .integer(counts.mounted)), ("sourceRequests", .integer(counts.sourceRequests)),
            ("destinationRequests", .integer(counts.destinationRequests)),
        ])
    }
}
