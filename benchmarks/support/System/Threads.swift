import Glibc
import Posix

/// A thread that can be waited for from a list of them.
package final class Worker<Value: Sendable> {
    private final class Slot: @unchecked Sendable {
        // Written by the thread, read after it was joined.
        var result: Result<Value, BenchmarkFailure>?
    }

    private var thread: SystemThread?
    private let slot = Slot()

    package init(_ body: @escaping @Sendable () throws(BenchmarkFailure) -> Value) throws(BenchmarkFailure) {
        let slot = slot
        do throws(SystemError) {
            thread = try SystemThread(name: "load") {
                do throws(BenchmarkFailure) {
                    slot.result = .success(try body())
                } catch {
                    slot.result = .failure(error)
                }
            }
        } catch {
            throw BenchmarkFailure(error)
        }
    }

    /// Waits for its end and gives what it made.
    package func value() throws(BenchmarkFailure) -> Value {
        if let thread = thread.take() { thread.join() }
        guard let result = slot.result else { throw BenchmarkFailure("a thread left no result") }
        return try result.get()
    }
}

/// Runs a body on several threads at once and gives what each made, in order.
package func onThreads<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws(BenchmarkFailure) -> Value
) throws(BenchmarkFailure) -> [Value] {
    var workers: [Worker<Value>] = []
    for number in 0..<count {
        workers.append(try Worker { () throws(BenchmarkFailure) in try body(number) })
    }
    var results: [Result<Value, BenchmarkFailure>] = []
    for worker in workers {
        do throws(BenchmarkFailure) {
            results.append(.success(try worker.value()))
        } catch {
            results.append(.failure(error))
        }
    }
    var values: [Value] = []
    for result in results { values.append(try result.get()) }
    return values
}
