import BenchmarkSupport
import Glibc

/// `repo update` of the real Helm library on the generated index as JSON, as YAML, and on one without charts.
///
/// nginx serves all three, so that only Helm differs.
enum ParsingCase {
    static let option = Options.PathOption(
        "--helm", "LIBRARY", "libhelm.so for the case parse (.tools/helm/libhelm.so)")
    private static let driver = "Tests/EndToEndTests/drivers/helm.py"
    private static let empty = "empty"

    static func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        let library = session.options.paths[option.name] ?? ".tools/helm/libhelm.so"
        guard isReadable(library), let nginx = try fixture.nginx() else {
            Report.note("  skipped: no nginx, or no Helm at \(library); `make test-setup` installs both")
            return
        }
        let index = HTTPRequest.index().target
        try fixture.publish(index, as: "/json/index.yaml")
        try fixture.publish(index + "?format=yaml", as: "/yaml/index.yaml")
        fixture.notePeak("yaml")
        try fixture.publish(text: "{\"apiVersion\":\"v1\",\"entries\":{}}", as: "/\(empty)/index.yaml")
        let helm = Helm(library: library, home: try session.freshDirectory("helm"), scratch: session.scratch.path)
        let forms = ["json", "yaml", empty]
        for form in forms { try helm.run(["repo-add", form, "http://127.0.0.1:\(nginx.port)/\(form)"]) }
        var all = forms.map { Series($0) }
        for _ in 0..<session.options.rounds {
            for (number, form) in forms.enumerated() {
                let start = nanoseconds()
                try helm.run(["repo-update", form])
                all[number].add(Double(nanoseconds() - start) / 1e6)
            }
        }
        var result = CaseResult(name: "parse", unit: "ms", connections: 0, lessIsBetter: true)
        // Without what starting Python and Helm takes.
        let net = all.map { series in zip(series.rates, all[2].rates).map { $0 - $1 } }
        result.extra["json"] = [
            ("net_ms", .number(median(net[0]) ?? 0)),
            ("net_ratio_to_yaml", .number(median(zip(net[0], net[1]).map { $1 / $0 }) ?? 0)),
        ]
        result.extra["yaml"] = [("net_ms", .number(median(net[1]) ?? 0))]
        fixture.report(result, all)
    }

    private static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

    /// The driver of the end-to-end tests, with a home of its own.
    private struct Helm {
        let library: String
        let home: String
        let scratch: String

        func run(_ words: [String]) throws(BenchmarkFailure) {
            let settings = ["env", "HELM_LIBRARY=\(library)", "HELM_HOME=\(home)"]
            _ = try Child.output(of: settings + ["python3", driver] + words, in: scratch, milliseconds: 600_000)
        }
    }
}
