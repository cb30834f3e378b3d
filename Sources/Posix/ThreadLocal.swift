internal import Glibc

/// One value a thread, made when the thread first asks and destroyed when it ends.
///
/// The values of threads that outlive the `ThreadLocal` are destroyed with their thread.
public final class ThreadLocal<Value>: @unchecked Sendable {
    // Unchecked: each value is reached only from the thread that made it, through the key.
    private final class Box {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private let key: pthread_key_t

    /// Makes the key.
    ///
    /// A process has 1024 of them, so make one an object, not one a request.
    public init() {
        var key = pthread_key_t()
        let code = pthread_key_create(&key) { pointer in
            guard let pointer else { return }
            Unmanaged<AnyObject>.fromOpaque(pointer).release()
        }
        precondition(code == 0, "the process is out of thread-local keys")
        self.key = key
    }

    deinit { pthread_key_delete(key) }

    /// This thread's value, made by `make` at first.
    public func value<Failure: Error>(_ make: () throws(Failure) -> Value) throws(Failure) -> Value {
        if let pointer = pthread_getspecific(key) {
            return unsafeDowncast(Unmanaged<AnyObject>.fromOpaque(pointer).takeUnretainedValue(), to: Box.self).value
        }
        let box = Box(try make())
        pthread_setspecific(key, Unmanaged<AnyObject>.passRetained(box).toOpaque())
        return box.value
    }
}
