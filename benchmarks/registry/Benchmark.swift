// registry-benchmark: the speed, the flushes and the memory of `chartroom serve`, beside Debian's docker-registry and
// nginx with the same bytes as static files.

import BenchmarkSupport
import RegistryLoad

@main
enum Benchmark {
    private typealias Program = BenchmarkProgram<DownloadFixture>

    static func main() {
        var program = Program(
            "registry", servers: Server.Kind.allCases, cases: downloads + pushes + others, goals: Goal.all,
            fixture: DownloadFixture.init)
        program.nginxLines = (0..<ChartMaker.repositories).map {
            "location /v2/bench/chart-\($0)/manifests/ { default_type \(HTTPRequest.manifestType); }"
        }
        program.run()
    }

    private static var downloads: [Program.Case] {
        DownloadCase.all.map { download in (download.name, download.run) }
    }

    private static var pushes: [Program.Case] {
        [1, 8, 32].map { clients in
            (
                "push-new-\(clients)",
                { (session, _) throws(BenchmarkFailure) in
                    try PushCase(clients: clients).runNew(session)
                }
            )
        }
            + [1, 8, 32].map { clients in
                (
                    "push-again-\(clients)",
                    { (session, _) throws(BenchmarkFailure) in
                        try PushCase(clients: clients).runAgain(session)
                    }
                )
            } + [
                ("pull-300", { (session, _) throws(BenchmarkFailure) in try PushCase(clients: 1).runPull(session) })
            ]
    }

    private static var others: [Program.Case] {
        [1, 32].map { clients in
            (
                "flushes-\(clients)",
                { (session, _) throws(BenchmarkFailure) in
                    try FlushCase(clients: clients).run(session)
                }
            )
        } + [
            ("tag-page", { (session, _) throws(BenchmarkFailure) in try TagPageCase.run(session) }),
            ("start-empty", { (session, _) throws(BenchmarkFailure) in try StartCase.runEmpty(session) }),
            ("start-full", { (session, _) throws(BenchmarkFailure) in try StartCase.runFull(session) }),
            ("memory", { (session, _) throws(BenchmarkFailure) in try MemoryCase.run(session) }),
        ]
    }
}
