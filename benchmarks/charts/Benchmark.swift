// charts-benchmark: what a classic repository of 20,000 versions costs `chartroom serve`, beside nginx with the same
// bytes as static files, and how fast charts and indexes are read.

import BenchmarkSupport

@main
enum Benchmark {
    private typealias Program = BenchmarkProgram<RepositoryFixture>

    static func main() {
        var program = Program(
            "charts", servers: [.chartroom, .nginx], cases: cases, goals: Goal.all, fixture: RepositoryFixture.init)
        program.nginxLines = ["gzip_static on;", "default_type application/json;"]
        program.options = [ReadingCase.option, ParsingCase.option]
        program.run()
    }

    private static var cases: [Program.Case] {
        [
            ("load", { (_, fixture) throws(BenchmarkFailure) in try LoadCase.run(fixture) }),
            ("index-loaded", IndexCase(name: "index-loaded", isGzip: false).run),
            ("index-loaded-gzip", IndexCase(name: "index-loaded-gzip", isGzip: true).run),
            ("add", AddCase(name: "add", isGzip: false).run),
            ("add-gzip", AddCase(name: "add-gzip", isGzip: true).run),
            ("index-sliced", SlicedCase(name: "index-sliced", isGzip: false).run),
            ("index-sliced-gzip", SlicedCase(name: "index-sliced-gzip", isGzip: true).run),
            ("index-grown", IndexCase(name: "index-grown", isGzip: false, isGrown: true).run),
            ("index-grown-gzip", IndexCase(name: "index-grown-gzip", isGzip: true, isGrown: true).run),
            ("view", { (session, fixture) throws(BenchmarkFailure) in try ViewCase.run(session, fixture) }),
            ("memory", { (session, fixture) throws(BenchmarkFailure) in try MemoryCase.run(session, fixture) }),
            ("read", { (session, _) throws(BenchmarkFailure) in try ReadingCase.run(session) }),
            ("parse", { (session, fixture) throws(BenchmarkFailure) in try ParsingCase.run(session, fixture) }),
        ]
    }
}
