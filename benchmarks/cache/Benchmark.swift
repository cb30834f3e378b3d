// cache-benchmark: what pulling through `chartroom serve` costs, cold, warm and stale, beside Debian's docker-registry
// as a proxy and beside the upstream itself, which adds 50 ms to each request.

import BenchmarkSupport

@main
enum Benchmark {
    private typealias Program = BenchmarkProgram<CacheFixture>

    static func main() {
        var program = Program(
            "cache", servers: Server.Kind.allCases, cases: cases, goals: Goal.all, fixture: CacheFixture.init)
        program.nginxLines = ["default_type application/yaml;"]
        program.run()
    }

    private static let clients = [1, 8, 32]

    private static var cases: [Program.Case] {
        let colds = clients.map { clients -> Program.Case in ("cold-\(clients)", ColdCase(clients: clients).run) }
        let warms = clients.map { clients -> Program.Case in ("warm-\(clients)", WarmCase(clients: clients).run) }
        let stales = clients.map { clients -> Program.Case in ("stale-\(clients)", StaleCase(clients: clients).run) }
        let others: [Program.Case] = [("index", IndexCase.run), ("memory", MemoryCase.run)]
        return colds + warms + stales + others
    }
}
