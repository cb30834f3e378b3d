import Posix
import TestSupport
import Testing

@Suite struct ThreadPoolTests {
    @Test("Work runs on the pool's threads, and its results come back") func runs() async {
        let pool = ThreadPool(name: "pool", threads: 2)
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...100 {
                group.addTask(executorPreference: pool) {
                    #expect(threadName() == "pool")
                    return number
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 5050)
    }

    @Test("No more threads than allowed run at once, and as many as needed") func limit() async {
        let pool = ThreadPool(name: "pool", threads: 3)
        let running = Condition((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<30 {
                group.addTask(executorPreference: pool) {
                    running.updateAll { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                    // Each waits until three have run at once: with fewer threads this would last.
                    running.wait(timeout: .seconds(10)) { $1 || $0.most >= 3 ? () : nil }
                    running.updateAll { $0.now -= 1 }
                }
            }
        }
        #expect(running.wait { state, _ in state.most } == 3)
    }

    @Test("A pool of no threads has one") func atLeastOne() async {
        let pool = ThreadPool(name: "pool", threads: 0)
        #expect(await Task(executorPreference: pool) { 7 }.value == 7)
    }

    @Test("Work comes in its order on one thread") func order() async {
        let pool = ThreadPool(name: "pool", threads: 1)
        let gate = Condition(false)
        let seen = Condition<[Int]>([])
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: pool) { gate.wait { isOpen, _ in isOpen ? () : nil } }
            for number in 0..<200 {
                group.addTask(executorPreference: pool) { seen.updateAll { $0.append(number) } }
            }
            gate.updateAll { $0 = true }
        }
        #expect(seen.wait { seen, _ in seen } == Array(0..<200))
    }

    @Test("Blocked work holds up no other work") func blocking() async {
        let pool = ThreadPool(name: "pool", threads: 2)
        let gate = Condition(false)
        let blocked = Task(executorPreference: pool) { gate.wait { isOpen, _ in isOpen ? true : nil } }
        #expect(await Task(executorPreference: pool) { 1 }.value == 1)
        gate.updateAll { $0 = true }
        #expect(await blocked.value)
    }
}
