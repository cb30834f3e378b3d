internal import Synchronization

/// Lets one piece of work run after the other, in the order they came.
final class SerialWork: Sendable {
    private let last = Mutex<Task<Void, Never>?>(nil)

    init() {}

    /// Runs the work when everything before it is over; cancelling the caller cancels the work.
    func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        let task = last.withLock { last in
            let before = last
            let task = Task {
                await before?.value
                return await work()
            }
            last = Task { _ = await task.value }
            return task
        }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
