import Content
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

@testable import PullThrough

@Suite struct SharingTests {
    @Test("However many ask meanwhile, the work is done once, and all get its result") func once() async throws {
        let flights = SingleFlight<Int, Int>(Fixture.pool)
        let gate = Latch()
        let runs = Count()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await flights.value(1, deadline: .seconds(60), late: "late") { () throws(ContentError) in
                        runs.add()
                        await gate.wait()
                        return 42
                    }
                }
            }
            while !flights.isFlying(1) { await Task.yield() }
            gate.open()
            for try await value in group { #expect(value == 42) }
        }
        // Those who came after the result began anew; all of them at once never.
        #expect(runs.value < 100)
    }

    @Test("Who waits too long is told so, and the work goes on") func deadline() async throws {
        let flights = SingleFlight<Int, Int>(Fixture.pool)
        let gate = Latch()
        let done = Latch()
        await #expect(throws: ContentError.unavailable("late")) {
            _ = try await flights.value(1, deadline: .zero, late: "late") { () throws(ContentError) in
                await gate.wait()
                done.open()
                return 1
            }
        }
        #expect(flights.isFlying(1))
        gate.open()
        await done.wait()
    }

    @Test("An error reaches everyone who waits") func failing() async throws {
        let flights = SingleFlight<Int, Int>(Fixture.pool)
        await #expect(throws: ContentError.manifestUnknown("gone")) {
            _ = try await flights.value(1, deadline: .seconds(60), late: "") { () throws(ContentError) in
                throw .manifestUnknown("gone")
            }
        }
    }

    @Test("A turnstile lets so many through, then one for each that leaves") func turnstile() async {
        let turnstile = Turnstile(2)
        #expect(await turnstile.enter())
        #expect(await turnstile.enter())
        let third = Task { await turnstile.enter() }
        turnstile.leave()
        #expect(await third.value)
        turnstile.leave()
        turnstile.leave()
        #expect(await turnstile.enter())
        #expect(await turnstile.enter())
    }

    @Test("The last byte of a growing file is held back until it is verified") func lastByte() throws {
        let fill = Fill()
        fill.began(size: 10) { () throws(ContentError) in throw .internal("no file") }
        #expect(fill.growth(beyond: 0, of: 10) {} == .waiting)
        fill.advanced(to: 4)
        #expect(fill.growth(beyond: 0, of: 10) {} == .readable(upTo: 4))
        fill.advanced(to: 10)
        #expect(fill.growth(beyond: 4, of: 10) {} == .readable(upTo: 9))
        #expect(fill.growth(beyond: 9, of: 10) {} == .waiting)
        fill.verified()
        #expect(fill.growth(beyond: 9, of: 10) {} == .readable(upTo: 10))
    }

    @Test("Readers are woken once for what comes, and told when it never will") func waking() {
        let fill = Fill()
        let wakes = Count()
        fill.began(size: 10) { () throws(ContentError) in throw .internal("no file") }
        let wake: @Sendable () -> Void = { wakes.add() }
        for _ in 0..<3 { #expect(fill.growth(beyond: 0, of: 10, wake) == .waiting) }
        fill.advanced(to: 5)
        #expect(wakes.value == 3)
        fill.advanced(to: 6)
        #expect(wakes.value == 3)
        #expect(fill.growth(beyond: 6, of: 10, wake) == .waiting)
        fill.ended(.corrupt("wrong bytes"))
        #expect(wakes.value == 4)
        #expect(fill.growth(beyond: 0, of: 10) {} == .failed)
    }

    @Test("Who waits for the head of a fill is told its size, its end or its failure") func heads() async throws {
        let fill = Fill()
        let waiting = Task { () throws(ContentError) -> Fill.Head in try await fill.begun() }
        fill.began(size: 7) { () throws(ContentError) in throw .internal("no file") }
        guard case .growing(7) = try await waiting.value else { throw Unexpected() }
        fill.ended(nil)
        guard case .stored = try await fill.begun() else { throw Unexpected() }
        try await fill.whole()
        let failed = Fill()
        failed.ended(.blobUnknown("none"))
        await #expect(throws: ContentError.blobUnknown("none")) { _ = try await failed.begun() }
        await #expect(throws: ContentError.blobUnknown("none")) { try await failed.whole() }
    }
}

struct Unexpected: Error {}
