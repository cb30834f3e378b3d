import BenchmarkSupport
import Glibc
import RegistryLoad

/// A shell loop that pulls and pushes each chart by the real Helm library, one process each, as people write it.
struct HelmLoop {
    static let option = Options.PathOption(
        "--helm", "LIBRARY", "libhelm.so for the loop over Helm (.tools/helm/libhelm.so)")
    private static let driver = "Tests/EndToEndTests/drivers/helm.py"

    private let mover: Mover
    private let directory: String
    private let library: String

    /// - Parameter directory: A new one: with what it has in its cache, Helm fetches less.
    init(_ mover: Mover, _ directory: String, _ options: Options) throws(BenchmarkFailure) {
        (self.mover, self.directory) = (mover, directory)
        library = HelmLoop.library(options)
    }

    /// Whether there is a Helm to measure.
    static func isThere(_ options: Options) -> Bool { access(library(options), R_OK) == 0 }

    private static func library(_ options: Options) -> String { options.paths[option.name] ?? ".tools/helm/libhelm.so" }

    /// Writes the script and gives the words that run it.
    func words() throws(BenchmarkFailure) -> [String] {
        let port = mover.destination?.port ?? 0
        var text = "set -e\n"
        for chart in mover.references {
            let from =
                mover.setting.source == .classic
                ? "http://127.0.0.1:\(mover.source.port)/\(chart.fileName)"
                : "oci://127.0.0.1:\(mover.source.port)/\(SyncFixture.path)/\(chart.name):\(chart.version)"
            text += "helm pull \(from) \(directory)/\(chart.fileName)\n"
            text += "helm push \(directory)/\(chart.fileName) oci://127.0.0.1:\(port)/\(Mover.path)\n"
        }
        try writeText(
            "\(directory)/loop.sh", "helm() { python3 -B \(HelmLoop.driver) --plain-http \"$@\"; }\n" + text)
        return environment + ["sh", "\(directory)/loop.sh"]
    }

    /// Milliseconds that starting Helm takes, with nothing to do: the tool that runs it here is slower than its binary.
    func startTime() throws(BenchmarkFailure) -> Double {
        var times: [Double] = []
        for _ in 0..<5 {
            let start = nanoseconds()
            _ = try Child.output(of: environment + ["python3", "-B", HelmLoop.driver, "version"], in: directory)
            times.append(Double(nanoseconds() - start) / 1e6)
        }
        return median(times) ?? 0
    }

    private var environment: [String] { ["env", "HELM_LIBRARY=\(library)", "HELM_HOME=\(directory)/home"] }
}
