import ChartInspection
import Content
import HelmModel
import OCIModel

extension Command {
    static let chartDependencies = Command(
        name: "dependencies", summary: "Show what a chart depends on, and where that is",
        discussion: [
            "LOCKED is the version in Chart.lock, VENDORED what lies in the chart's charts directory, FOUND a version "
                + "beside the chart in the same registry: the locked one, otherwise the newest that fits."
        ],
        arguments: [.chartReference], options: [.chartVersion, OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let reference = try invocation.inspectedReference()
            let answer = try await invocation.inspect(reference) { inspector async throws(ContentError) in
                try await inspector.dependencies(reference)
            }
            var table = Table([
                ("NAME", .left), ("VERSION", .left), ("LOCKED", .left), ("VENDORED", .left), ("FOUND", .left),
                ("REPOSITORY", .left),
            ])
            for dependency in answer.dependencies {
                let declared = dependency.declared
                let alias = declared.alias.isEmpty ? "" : " as " + declared.alias
                table.add(
                    [
                        declared.name + alias, declared.version, dependency.locked ?? "", dependency.vendored ?? "",
                        dependency.found?.description ?? "", declared.repository,
                    ].map { $0.isEmpty ? "-" : $0 })
            }
            if let problem = answer.lockProblem { invocation.console.warn(problem) }
            if let lock = answer.lock, lock.isUpToDate == false {
                invocation.console.warn(
                    "\(lock.file) is out of date: its digest is not that of the dependencies; 'helm dependency update' "
                        + "makes it anew")
            }
            try invocation.show(json: answer.json, table: table.text)
        })
}
