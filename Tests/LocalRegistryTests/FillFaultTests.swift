import Content
import Glibc
import LocalRegistry
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

/// Fills on failing disks and in dying processes.
@Suite struct FillFaultTests {
    /// A blob of each size class, and a chart, from an upstream.
    private struct Delivery {
        let small: [UInt8] = [1, 2, 3]
        let large = [UInt8](repeating: 5, count: 1_100_000)
        let app: UpstreamSample
        var acknowledged: Set<Digest> = []
        var errors: [ContentError] = []

        init() throws { app = try UpstreamSample("app", "1.0.0") }

        mutating func run(_ registry: Registry) async {
            for bytes in [small, large] {
                do throws(ContentError) {
                    try await registry.fill(bytes, in: demo)
                    acknowledged.insert(Digest(of: bytes))
                } catch {
                    errors.append(error)
                }
            }
            do throws(ContentError) {
                try await registry.fillChart(app)
                acknowledged.insert(app.archive)
            } catch {
                errors.append(error)
            }
        }

        /// What was acknowledged is there; what was not is there whole or not at all.
        func check(_ registry: Registry, _ context: String) throws {
            for (bytes, repository) in [(small, demo), (large, demo), (app.chart.archive, app.repository)] {
                do throws(ContentError) {
                    #expect(try registry.served(Digest(of: bytes), in: repository) == bytes, "\(context)")
                } catch {
                    #expect(!acknowledged.contains(Digest(of: bytes)), "\(error), \(context)")
                }
            }
            let isListed = try registry.listed(ChartNamespace(of: app.repository)) == ["app 1.0.0"]
            #expect(isListed == (try registry.tagOrigin(app.tag, in: app.repository) != nil), "\(context)")
            #expect(isListed || !acknowledged.contains(app.archive), "\(context)")
        }

        var isWhole: Bool { acknowledged.count == 3 }
    }

    @Test("Whichever call fails, nothing is half there, and a second try succeeds", arguments: CallFaults.Mode.allCases)
    func everyCall(mode: CallFaults.Mode) async throws {
        var position = 0
        while true {
            position += 1
            try #require(position < 200)
            let (store, faults) = (try StoreFixture(), CallFaults())
            var delivery = try Delivery()
            let fired = try await store.with(options: { $0.calls = faults.calls }) { registry in
                // The first slot brings a batch of them, whose calls other tests let fail.
                try await registry.upload([0])
                faults.arm(position, mode, code: EIO)
                await delivery.run(registry)
                let fired = faults.disarm()
                let context = "call \(position), \(fired.first ?? "none")"
                #expect(delivery.errors.allSatisfy { Kind($0) == .storageFull }, "\(delivery.errors), \(context)")
                try delivery.check(registry, context)
                delivery.errors = []
                await delivery.run(registry)
                #expect(delivery.isWhole && delivery.errors.isEmpty, "\(delivery.errors), \(context)")
                return fired
            }
            try await store.with { try delivery.check($0, "reopened after call \(position)") }
            #expect(try store.usedSlots() == 0, "call \(position), \(fired)")
            #expect(try store.damagedFiles() == [])
            if fired.isEmpty { break }
        }
        #expect(position > 10)
    }

    @Test("Killed at any point, a delivery is whole or not there, and its slots are room again")
    func killed() async throws {
        let store = try StoreFixture()
        let copies = Mutex<[StoreFixture]>([])
        let take: @Sendable () -> Void = {
            guard let copy = try? store.copy() else { return }
            copies.withLock { $0.append(copy) }
        }
        var delivery = try Delivery()
        try await store.with(options: {
            $0.observer.didFlush = { _, _ in take() }
            $0.observer.didCommit = { _ in take() }
        }) { registry in
            let fill = try registry.openFill(of: Digest(of: [9]), in: demo)
            try fill.append([9])
            _ = contents(of: try fill.openReader())
            take()
            fill.abandon()
            await delivery.run(registry)
            #expect(delivery.isWhole)
        }
        delivery.acknowledged = []
        let all = copies.withLock { $0 }
        #expect(all.count >= 6)
        for (number, copy) in all.enumerated() {
            try await copy.with { try delivery.check($0, "copy \(number)") }
            #expect(try copy.usedSlots() == 0)
            #expect(try copy.damagedFiles() == [])
            var again = delivery
            try await copy.with { await again.run($0) }
            #expect(again.isWhole, "\(again.errors)")
        }
    }
}
