internal import CLinux
internal import Glibc

/// A thread of the operating system, for work that blocks.
public struct SystemThread: ~Copyable, Sendable {
    private let thread: pthread_t

    /// Starts a thread with 512 KiB of stack.
    ///
    /// - Throws: `SystemError` when the system has no more threads to give.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        final class Box {
            let name: String
            let body: @Sendable () -> Void
            init(_ name: String, _ body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        let box = Unmanaged.passRetained(Box(name, body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                _ = chartroom_name_thread(String(box.name.prefix(15)))
                box.body()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw SystemError(code: code, call: "start thread", object: name)
        }
        self.thread = thread
    }

    /// A thread that is not joined runs on by itself and gives its stack back when it ends.
    deinit { pthread_detach(thread) }

    /// Waits for the thread's end.
    ///
    /// Blocks. Letting the value go instead leaves the thread to itself.
    public consuming func join() {
        let thread = thread
        discard self
        pthread_join(thread, nil)
    }
}
