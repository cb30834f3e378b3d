import BenchmarkSupport

/// Load by wrk, which can speak TLS.
///
/// wrk copies what it receives, 8 KB at a time: above some 4 GB/s its own speed is what it measures.
struct WrkLoad: Sendable {
    var requests: [HTTPRequest]
    var connections: Int
    var seconds: Double
    var scratch: String

    /// Loads a port.
    func run(port: UInt16, isTLS: Bool) throws(BenchmarkFailure) -> LoadSample {
        let script = "\(scratch)/wrk.lua"
        try writeText(script, text)
        let threads = min(connections, MachineLoad.processors)
        let said = try Child.output(
            of: [
                "wrk", "-t\(threads)", "-c\(connections)", "-d\(max(1, Int(seconds.rounded(.up))))s", "--latency", "-s",
                script, "\(isTLS ? "https" : "http")://127.0.0.1:\(port)",
            ], in: scratch)
        return try WrkLoad.sample(said)
    }

    /// The script: every thread goes round the requests.
    private var text: String {
        let head = requests.first
        let accept = (head?.accept).map { "wrk.headers[\"Accept\"] = \"\($0)\"\n" } ?? ""
        let targets = requests.map { "\"\($0.target)\"" }.joined(separator: ",\n")
        return """
            local targets = {
            \(targets)
            }
            local texts, next = {}, 0
            function init(arguments)
              wrk.headers["User-Agent"] = "Helm/4.2.4"
              wrk.headers["Accept-Encoding"] = "gzip"
              \(accept)
              for number, target in ipairs(targets) do texts[number] = wrk.format("GET", target) end
            end
            function request()
              next = next % #texts + 1
              return texts[next]
            end

            """
    }

    private static func sample(_ said: String) throws(BenchmarkFailure) -> LoadSample {
        var sample = LoadSample()
        for line in said.split(separator: "\n") {
            let words = line.split(whereSeparator: { " \t".contains($0) }).map(String.init)
            guard words.count >= 2 else { continue }
            if words[0] == "Requests/sec:" { sample.rate = Double(words[1]) ?? 0 }
            if words[1] == "requests" { sample.requests = Int(words[0]) ?? 0 }
            if words[0] == "50%" { sample.p50 = microseconds(words[1]) }
            if words[0] == "99%" { sample.p99 = microseconds(words[1]) }
            if words[0] == "Non-2xx" || words[0] == "Socket" { throw BenchmarkFailure("wrk: \(line)") }
        }
        guard sample.requests > 0, sample.rate > 0 else { throw BenchmarkFailure("wrk said: \(said)") }
        return sample
    }

    /// `87.00us`, `1.20ms`, `1.00s` in microseconds.
    private static func microseconds(_ text: String) -> Double? {
        for (unit, factor) in [("us", 1.0), ("ms", 1e3), ("s", 1e6)] where text.hasSuffix(unit) {
            return Double(text.dropLast(unit.count)).map { $0 * factor }
        }
        return nil
    }
}
