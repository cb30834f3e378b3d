import Glibc

/// Tells results: a JSON line each on standard output, a row each on standard error.
package final class Report {
    private typealias Ratio = (label: String, value: Double)

    private let benchmark: String
    private let goals: (_ name: String, _ series: String) -> [Goal]
    private let facts: Facts
    private let noisePercent: Double
    private var hasHeading = false

    init(
        _ benchmark: String, goals: @escaping (_ name: String, _ series: String) -> [Goal], _ facts: Facts,
        noisePercent: Double
    ) {
        (self.benchmark, self.goals) = (benchmark, goals)
        (self.facts, self.noisePercent) = (facts, noisePercent)
    }

    /// Tells one case: a line for each series, with its ratios to the others.
    package func tell(_ result: CaseResult, _ all: [Series]) {
        for series in all {
            let ratios = all.filter { result.isComparison && $0.label != series.label }.compactMap { other in
                series.ratio(to: other, lessIsBetter: result.lessIsBetter).map { (other.label, $0) }
            }
            write(line(result, series, ratios).written + "\n", to: STDOUT_FILENO)
            write(row(result, series, ratios), to: STDERR_FILENO)
        }
    }

    private func line(_ result: CaseResult, _ series: Series, _ ratios: [Ratio]) -> JSONValue {
        let stretches = series.stretches
        let others = stretches.compactMap(\.othersPercent)
        var members: [(String, JSONValue)] = [
            ("benchmark", .text(benchmark)), ("case", .text(result.name)), ("server", .text(series.label)),
            ("median", .number(median(series.rates) ?? 0)), ("unit", .text(result.unit)),
            ("ratio_to", .object(ratios.map { ($0.label, .number($0.value)) })),
            ("rounds", .integer(stretches.count)), ("connections", .integer(result.connections)),
        ]
        let optional: [(String, JSONValue?)] = [
            ("lowest", series.rates.min().map(JSONValue.number)), ("highest", series.rates.max().map(JSONValue.number)),
            (
                "cpu_us_per_request",
                median(stretches.map(\.processorMicroseconds).filter { $0 > 0 }).map(JSONValue.number)
            ),
            ("p50_us", median(stretches.compactMap(\.sample.p50)).map(JSONValue.number)),
            ("p99_us", median(stretches.compactMap(\.sample.p99)).map(JSONValue.number)),
            ("max_rss_bytes", result.highWater[series.label].map(JSONValue.integer)),
        ]
        for (name, value) in optional {
            if let value { members.append((name, value)) }
        }
        members += result.extra[series.label] ?? []
        let goals = reached(result, series, ratios)
        if !goals.isEmpty { members.append(("goals", .list(goals))) }
        if let middle = median(others) {
            members.append(("other_cpu_percent", .number(middle)))
            members.append(("noisy_rounds", .integer(others.count { $0 > noisePercent })))
        }
        members += [
            ("machine", .text(facts.machine)), ("commit", .text(facts.commit)), ("versions", .object(facts.versions)),
            ("command", .text(facts.command)),
        ]
        return .object(members)
    }

    private func reached(_ result: CaseResult, _ series: Series, _ ratios: [Ratio]) -> [JSONValue] {
        let middle = median(series.rates) ?? 0
        return goals(result.name, series.label).compactMap { goal in
            let isReached = goal.isReached(median: middle) { other in ratios.first { $0.label == other }?.value }
            return isReached.map { .object([("goal", .text(goal.text)), ("reached", .truth($0))]) }
        }
    }

    private func row(_ result: CaseResult, _ series: Series, _ ratios: [Ratio]) -> String {
        var text = ""
        if !hasHeading {
            hasHeading = true
            text =
                pad([
                    "case", "server", "median", "highest", "unit", "cpu us", "p50 us", "p99 us", "MB", "noisy",
                    "ratio to",
                ])
                + "\n"
        }
        func middle(_ values: [Double]) -> String { median(values).map(JSONValue.rounded) ?? "" }
        let others = series.stretches.compactMap(\.othersPercent)
        let words = [
            result.name, series.label, middle(series.rates), series.rates.max().map(JSONValue.rounded) ?? "",
            result.unit,
            middle(series.stretches.map(\.processorMicroseconds).filter { $0 > 0 }),
            middle(series.stretches.compactMap(\.sample.p50)), middle(series.stretches.compactMap(\.sample.p99)),
            result.highWater[series.label].map { JSONValue.rounded(Double($0) / 1e6) } ?? "",
            others.isEmpty ? "" : "\(others.count { $0 > noisePercent })/\(others.count)",
            ratios.map { "\($0) \(JSONValue.rounded($1))" }.joined(separator: "  "),
        ]
        let extra = (result.extra[series.label] ?? []).map { "\($0) \($1.written)" }.joined(separator: "  ")
        let goals = reached(result, series, ratios).map { "    \($0.written)\n" }.joined()
        return text + pad(words) + "\n" + (extra.isEmpty ? "" : "    \(extra)\n") + goals
    }

    private func pad(_ words: [String]) -> String {
        let widths = [26, 17, 10, 10, 9, 9, 9, 9, 7, 6, 0]
        return zip(words, widths).map { word, width in
            word + String(repeating: " ", count: max(1, width - word.count))
        }.joined()
    }

    /// Writes talk.
    package static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
}

private func write(_ text: String, to descriptor: CInt) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
        let count = bytes.withUnsafeBytes {
            Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
        }
        guard count > 0 else { return }
        written += count
    }
}
