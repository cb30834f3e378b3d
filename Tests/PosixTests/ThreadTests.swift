import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

@Suite struct ConditionTests {
    @Test("A waiter gets what another thread puts there") func handsOver() throws {
        let box = Condition<Int?>(nil)
        let thread = try SystemThread(name: "giver") { box.updateAll { $0 = 42 } }
        #expect(box.wait { value, _ in value } == 42)
        thread.join()
    }

    @Test("Each update that says so wakes one waiter") func wakesOne() throws {
        let line = Condition<[Int]>([])
        let sum = Condition((total: 0, count: 0))
        for _ in 0..<4 {
            _ = try SystemThread(name: "taker") {
                let number = line.wait { numbers, _ in numbers.popLast() }
                sum.updateAll { $0 = ($0.total + number, $0.count + 1) }
            }
        }
        for number in [1, 10, 100, 1000] {
            line.update { numbers in
                numbers.append(number)
                return true
            }
        }
        #expect(sum.wait { sum, _ in sum.count == 4 ? sum.total : nil } == 1111)
    }

    @Test(
        "A wait whose time is over asks once more",
        arguments: [
            Duration.milliseconds(1), .zero, .seconds(-5), .milliseconds(-1), .nanoseconds(1), .seconds(Int64.min),
        ])
    func timesOut(timeout: Duration) {
        let state = Condition(0)
        let late = state.wait(timeout: timeout) { calls, isLate -> Int? in
            calls += 1
            return isLate ? calls : nil
        }
        #expect(late >= 2)
        #expect(late < 100)
    }

    @Test(
        "The longest time there is overflows nothing",
        arguments: [
            Duration.seconds(Int64.max), .seconds(Int64.max / 2), .nanoseconds(Int64.max),
        ])
    func longest(timeout: Duration) throws {
        let state = Condition(false)
        let thread = try SystemThread(name: "opener") { state.updateAll { $0 = true } }
        #expect(state.wait(timeout: timeout) { isOpen, isLate in isOpen ? !isLate : nil })
        thread.join()
    }

    @Test("A waiter that is told it is late may wait on, and does not spin") func waitsOn() throws {
        let state = Condition((calls: 0, isOpen: false))
        let late = Condition(false)
        let thread = try SystemThread(name: "opener") {
            late.wait { isLate, _ in isLate ? () : nil }
            Condition(0).wait(timeout: .milliseconds(20)) { _, isLate in isLate ? () : nil }
            state.updateAll { $0.isOpen = true }
        }
        let calls = state.wait(timeout: .milliseconds(1)) { state, isLate -> Int? in
            state.calls += 1
            if isLate { late.updateAll { $0 = true } }
            return state.isOpen ? state.calls : nil
        }
        #expect(calls < 20)
        thread.join()
    }
}

@Suite struct SystemThreadTests {
    @Test("It runs its body on a thread of its own, with a name") func runs() throws {
        let found = Mutex((name: "", isMain: true))
        let mine = pthread_self()
        let thread = try SystemThread(name: "a-very-long-thread-name") {
            let isMine = pthread_equal(pthread_self(), mine) != 0
            found.withLock { $0 = (threadName(), isMine) }
        }
        thread.join()
        #expect(found.withLock { $0.name } == "a-very-long-thr")
        #expect(found.withLock { $0.isMain } == false)
    }

    @Test("A thread that nobody joins leaves no stack behind") func leavesNothing() throws {
        for _ in 0..<1500 {
            let hasRun = Condition(false)
            _ = try SystemThread(name: "short") { hasRun.updateAll { $0 = true } }
            hasRun.wait { hasRun, _ in hasRun ? () : nil }
        }
        // glibc keeps up to 40 MiB of stacks for reuse, 80 of ours, and other tests run threads as well.
        #expect(try stacks() < 1000)
    }

    /// Mappings as large as a thread's stack without its guard page (glibc 2.36).
    private func stacks() throws -> Int {
        let file = File(descriptor: open("/proc/self/maps", O_RDONLY | O_CLOEXEC), name: "maps")
        let text = String(decoding: try file.read(at: 0, maximumBytes: 8 << 20), as: UTF8.self)
        return text.split(separator: "\n").count { line in
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            return bounds.count == 2 && bounds[1] - bounds[0] == 512 << 10
        }
    }
}

/// The calling thread's name, 15 bytes at the most.
func threadName() -> String {
    let file = File(descriptor: open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC), name: "comm")
    let bytes = (try? file.read(at: 0, maximumBytes: 16)) ?? []
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}
