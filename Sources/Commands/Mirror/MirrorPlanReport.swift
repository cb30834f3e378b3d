import Content
import OCIModel
import Sync

/// A plan as people see it.
struct MirrorPlanReport {
    let plan: MirrorPlan
    let forecast: MirrorForecast

    /// Counts, then what changes, then problems and notes.
    static func text(_ reports: [MirrorPlanReport], wantsAll: Bool) -> String {
        var text = overview(reports)
        let changes = changes(reports, wantsAll: wantsAll)
        if !changes.isEmpty { text += "\n" + changes }
        for report in reports {
            for problem in report.plan.problems {
                let line = "\(report.plan.mirror): \(problem.side.rawValue) \(problem.object): \(problem.reason)"
                text += "\nproblem: " + Printable.text(line) + "\n"
                if !problem.hint.isEmpty { text += "  hint: " + Printable.text(problem.hint) + "\n" }
            }
        }
        let notes = reports.flatMap { report in report.plan.notes.map { report.plan.mirror + ": " + $0 } }
        if !notes.isEmpty { text += "\n" + notes.map { "note: " + Printable.text($0) + "\n" }.joined() }
        return text
    }

    /// As `MirrorPlan.json`, with `forecast`.
    func json(wantsAll: Bool) -> JSONValue {
        .object((plan.json(wantsAll: wantsAll).members ?? []) + [("forecast", forecast.json)])
    }

    /// Ends a command as the plans say.
    ///
    /// - Throws: `.failure` for problems, `.usage`, which is 2, without a word when there is something to do.
    static func end(_ reports: [MirrorPlanReport]) throws(CommandError) {
        let problems = reports.reduce(0) { $0 + $1.plan.problems.count }
        guard problems == 0 else {
            throw CommandError(.failure, problems == 1 ? "1 problem" : "\(problems) problems")
        }
        if reports.contains(where: { $0.plan.hasDrift }) { throw CommandError(.usage, "") }
    }

    // MARK: Parts

    /// What is shown of changes unless all are asked for.
    private static let shownChanges = 1000

    private static func overview(_ reports: [MirrorPlanReport]) -> String {
        // What no mirror does has no column, but these say most.
        let always: Set<PlannedAction> = [.copy, .retag, .leave]
        let actions = PlannedAction.allCases.filter { action in
            always.contains(action) || reports.contains { $0.plan.count(of: action) > 0 }
        }
        var table = Table(
            [("MIRROR", .left)] + actions.map { ($0.rawValue.uppercased(), .right) }
                + [("BYTES", .right), ("ASKS SOURCE", .right), ("ASKS DESTINATION", .right), ("TIME", .right)])
        for report in reports {
            let forecast = report.forecast
            table.add(
                [report.plan.mirror] + actions.map { String(report.plan.count(of: $0)) } + [
                    report.bytes, requests(forecast.sourceRequests, forecast.sourceRate),
                    requests(forecast.destinationRequests, forecast.destinationRate),
                    forecast.seconds.map { "~" + Measure.time(.seconds($0.rounded(.up))) } ?? "?",
                ])
        }
        return table.text
    }

    private var bytes: String {
        let unknown = plan.unknownSizes
        guard unknown > 0 else { return Measure.size(plan.bytes) }
        return (plan.bytes > 0 ? Measure.size(plan.bytes) + " and " : "") + "\(unknown) unknown"
    }

    private static func requests(_ count: Int, _ rate: Double?) -> String {
        String(count) + (rate.map { " at \(Int64($0))/s" } ?? "")
    }

    private static func changes(_ reports: [MirrorPlanReport], wantsAll: Bool) -> String {
        var table = Table([
            ("ACTION", .left), ("SOURCE", .left), ("DESTINATION", .left), ("BYTES", .right), ("REASON", .left),
        ])
        var count = 0
        for report in reports {
            for item in report.plan.items where wantsAll || item.action != .leave {
                count += 1
                guard wantsAll || count <= shownChanges else { continue }
                table.add([
                    item.action.rawValue, item.sourceName, item.destinationName,
                    item.bytes.map { Measure.size($0) } ?? (item.action == .copy ? "?" : "-"), item.reason,
                ])
            }
        }
        guard count > 0 else { return "" }
        let more = wantsAll ? 0 : max(0, count - shownChanges)
        return table.text + (more > 0 ? "and \(more) more, which --all shows\n" : "")
    }
}
