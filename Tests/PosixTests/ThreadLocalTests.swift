import Posix
import Synchronization
import TestSupport
import Testing

@Suite struct ThreadLocalTests {
    /// How many values live, and how many were made.
    private final class Census: Sendable {
        let made = Atomic(0)
        let living = Atomic(0)
    }

    private final class Value {
        let census: Census
        let number: Int

        init(_ census: Census) {
            self.census = census
            number = census.made.add(1, ordering: .relaxed).newValue
            census.living.add(1, ordering: .relaxed)
        }

        deinit { census.living.subtract(1, ordering: .relaxed) }
    }

    private struct Refusal: Error {}

    private let census = Census()

    @Test("Each thread gets a value of its own, made once") func onePerThread() throws {
        let local = ThreadLocal<Value>()
        let first = local.value { Value(census) }
        #expect(local.value { Value(census) } === first)
        let number = Condition(0)
        let thread = try SystemThread(name: "other") { [census] in
            let mine = local.value { Value(census) }.number
            number.updateAll { $0 = mine }
        }
        thread.join()
        #expect(number.wait { number, _ in number } == 2)
        #expect(first.number == 1)
    }

    @Test("A value goes with its thread") func goesWithThread() throws {
        let local = ThreadLocal<Value>()
        for _ in 0..<10 {
            let thread = try SystemThread(name: "short") { [census] in _ = local.value { Value(census) } }
            thread.join()
        }
        #expect(census.made.load(ordering: .relaxed) == 10)
        #expect(census.living.load(ordering: .relaxed) == 0)
    }

    @Test("The values go with the thread-local, whatever their threads do") func goesWithLocal() throws {
        var local: ThreadLocal<Value>? = ThreadLocal()
        _ = local?.value { Value(census) }
        let hasValue = Condition(false)
        let mayEnd = Condition(false)
        let thread = try SystemThread(name: "long") { [census, weak local] in
            _ = local?.value { Value(census) }
            hasValue.updateAll { $0 = true }
            mayEnd.wait { mayEnd, _ in mayEnd ? () : nil }
        }
        hasValue.wait { hasValue, _ in hasValue ? () : nil }
        #expect(census.living.load(ordering: .relaxed) == 2)
        local = nil
        #expect(census.living.load(ordering: .relaxed) == 0)
        mayEnd.updateAll { $0 = true }
        thread.join()
        #expect(census.living.load(ordering: .relaxed) == 0)
    }

    @Test("A value that cannot be made leaves no trace, and the next try makes it") func failure() throws {
        let local = ThreadLocal<Value>()
        #expect(throws: Refusal.self) { try local.value { () throws(Refusal) in throw Refusal() } }
        #expect(local.value { Value(census) }.number == 1)
    }

    @Test("Threads come and go while the thread-local goes") func race() throws {
        for _ in 0..<50 {
            var local: ThreadLocal<Value>? = ThreadLocal()
            var threads: [Condition<Bool>] = []
            for _ in 0..<4 {
                let hasEnded = Condition(false)
                _ = try SystemThread(name: "brief") { [census, local] in
                    _ = local?.value { Value(census) }
                    hasEnded.updateAll { $0 = true }
                }
                threads.append(hasEnded)
            }
            local = nil
            for thread in threads { thread.wait { hasEnded, _ in hasEnded ? () : nil } }
        }
        // The last thread may still be on its way out.
        let end = ContinuousClock.now + .seconds(10)
        while census.living.load(ordering: .relaxed) > 0, ContinuousClock.now < end {}
        #expect(census.made.load(ordering: .relaxed) == 200)
        #expect(census.living.load(ordering: .relaxed) == 0)
    }

    @Test("More thread-locals than a process has keys can be made one after the other") func keysAreGivenBack() {
        for _ in 0..<3000 { _ = ThreadLocal<Value>().value { Value(census) } }
        #expect(census.living.load(ordering: .relaxed) == 0)
    }
}
