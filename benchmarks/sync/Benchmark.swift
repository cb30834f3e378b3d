// sync-benchmark: what mirroring charts by `chartroom mirror` costs, cold, warm and after a little has changed, between
// registries and into Chartroom's own store, beside `skopeo sync` and a shell loop of `helm pull` and `helm push`.

import BenchmarkSupport

@main
enum Benchmark {
    private typealias Program = BenchmarkProgram<SyncFixture>

    static func main() {
        var program = Program(
            "sync", servers: Server.Kind.allCases, cases: cases, goals: Goal.all, fixture: SyncFixture.init)
        program.options = [HelmLoop.option, MirrorCase.option]
        program.run()
    }

    private static var cases: [Program.Case] {
        let settings = Setting.all.map { setting -> Program.Case in (setting.name, MirrorCase(setting: setting).run) }
        return settings + [("plan", PlanCase.run), ("memory", MemoryCase.run)]
    }
}
