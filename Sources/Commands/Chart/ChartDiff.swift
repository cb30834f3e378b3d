import ChartInspection
import Content
import HelmModel
import OCIModel

extension Command {
    static let chartDiff = Command(
        name: "diff", summary: "Show what changed between two versions of a chart",
        discussion: [
            "Compares Chart.yaml, the default values as a tree, dependencies, templates and CRDs. A line begins with + "
                + "for what is new, - for what is gone, ~ for what is different."
        ],
        arguments: [
            .init(name: "REFERENCE", help: "The chart: charts/nginx, or charts/nginx:1.2.3."),
            .init(name: "OTHER", help: "A version of it, or another reference in the same registry."),
            .init(name: "VERSION", help: "The version to compare OTHER, then a version too, with.", arity: .optional),
        ],
        options: [OutputFormat.option] + TargetSelection.options,
        examples: [
            .init(line: "chartroom chart diff charts/nginx 1.2.3 1.3.0", purpose: "two versions"),
            .init(line: "chartroom chart diff charts/nginx:1.2.3 test/nginx:1.3.0", purpose: "two references"),
        ],
        run: { invocation async throws(CommandError) in
            let (old, new) = try invocation.comparedReferences()
            let answer = try await invocation.inspect(old) { inspector async throws(ContentError) in
                try await inspector.compare(old, new)
            }
            if answer.isEmpty { invocation.console.talk("nothing differs") }
            try invocation.show(json: answer.json, table: DiffRendering.text(answer))
        })
}

extension Invocation {
    /// What to compare: two versions of one repository, or two references.
    fileprivate func comparedReferences() throws(CommandError) -> (Reference, Reference) {
        var old = try reference("REFERENCE")
        let other = arguments.positional("OTHER")
        let version = arguments.positional("VERSION")
        guard version.isEmpty else {
            guard old.manifest == nil else {
                throw CommandError(
                    .usage, "\(old) names a version, and two more are given", hints: ["leave one of them out"])
            }
            var new = old
            old.tag = try Invocation.tag(ofVersion: other)
            new.tag = try Invocation.tag(ofVersion: version)
            return (old, new)
        }
        if (try? SemanticVersion(lenient: other)) != nil {
            var new = old
            (new.tag, new.digest) = (try Invocation.tag(ofVersion: other), nil)
            return (old, new)
        }
        let new = try reference("OTHER")
        guard new.host == nil || new.host == old.host else {
            throw CommandError(
                .usage, "\(old) and \(new) are not in one registry", hints: ["pull or push one of them first"])
        }
        return (old, new)
    }
}

/// Differences as people read them.
enum DiffRendering {
    /// Sections of what differs; empty when nothing does.
    static func text(_ comparison: ChartComparison) -> String {
        guard !comparison.isEmpty else { return "" }
        var text = "--- \(comparison.old.reference)\n+++ \(comparison.new.reference)\n"
        text += section("Chart.yaml", values(comparison.metadata))
        let problem = comparison.valuesProblem.map { ["compared as text: " + Printable.text($0)] } ?? []
        let valuesText = comparison.valuesText.map { lines(of: $0) } ?? []
        text += section("Values", values(comparison.values) + problem + valuesText)
        text += section("Dependencies", values(comparison.dependencies))
        text += section("Templates", files(comparison.templates))
        text += section("CRDs", files(comparison.crds))
        return text
    }

    private static func section(_ title: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "\n\(title)\n" + lines.map { "  " + $0 + "\n" }.joined()
    }

    private static func values(_ diff: ValueDiff) -> [String] {
        var lines = diff.removed.map { "- " + Printable.text($0.path) + ": " + short($0.value) }
        lines += diff.added.map { "+ " + Printable.text($0.path) + ": " + short($0.value) }
        lines += diff.changed.map { change in
            let path = change.path.isEmpty ? "all" : Printable.text(change.path)
            return "~ " + path + ": " + short(change.old) + " -> " + short(change.new)
        }
        if diff.isTruncated { lines.append("and more") }
        return lines
    }

    /// A value as JSON on one line.
    private static func short(_ value: JSONValue) -> String { Printable.text(Lines.short(value.description(), 100)) }

    private static func files(_ diff: FileDiff) -> [String] {
        var lines = diff.removed.map { "- " + Printable.text($0) } + diff.added.map { "+ " + Printable.text($0) }
        for change in diff.changed {
            lines.append("~ " + Printable.text(change.path))
            guard let diff = change.diff else {
                lines.append("  differs, not shown")
                continue
            }
            lines += self.lines(of: diff)
        }
        return lines
    }

    private static func lines(of diff: TextDiff) -> [String] {
        Lines.printable(diff.text).split(separator: "\n").map { "  " + $0 } + (diff.isTruncated ? ["  and more"] : [])
    }
}
