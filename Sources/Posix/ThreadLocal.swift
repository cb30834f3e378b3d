internal import Glibc

/// One value a thread, made when the thread first asks, destroyed when the thread ends or the `ThreadLocal` goes.
///
/// A value whose thread outlives the `ThreadLocal` is destroyed on the thread that lets the `ThreadLocal` go.
public final class ThreadLocal<Value>: @unchecked Sendable {
    // Unchecked: each value is reached only from the thread that made it, through the key; when the `ThreadLocal` goes,
    // nobody can ask for it any more.

    private final class Box {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private let key: pthread_key_t
    private let owner = ThreadLocalOwner()

    /// Makes the key.
    ///
    /// A process has 1024 of them, so make one an object, not one a request.
    public init() {
        var key = pthread_key_t()
        let code = pthread_key_create(&key) { pointer in
            guard let pointer else { return }
            Unmanaged<ThreadLocalSlot>.fromOpaque(pointer).takeRetainedValue().release()
        }
        precondition(code == 0, "the process is out of thread-local keys")
        self.key = key
    }

    deinit {
        // The slots of threads that go on running stay behind, 32 bytes each; what they led to goes now.
        pthread_key_delete(key)
        owner.releaseAll()
    }

    /// This thread's value, made by `make` at first.
    public func value<Failure: Error>(_ make: () throws(Failure) -> Value) throws(Failure) -> Value {
        if let pointer = pthread_getspecific(key) {
            let slot = Unmanaged<ThreadLocalSlot>.fromOpaque(pointer).takeUnretainedValue()
            return unsafeDowncast(slot.content.takeUnretainedValue(), to: Box.self).value
        }
        let box = Box(try make())
        let slot = ThreadLocalSlot(content: .passUnretained(box), owner: owner)
        owner.keep(box, for: slot)
        pthread_setspecific(key, Unmanaged.passRetained(slot).toOpaque())
        return box.value
    }
}

/// Where a thread finds its value.
private final class ThreadLocalSlot {
    let content: Unmanaged<AnyObject>
    private let owner: ThreadLocalOwner

    init(content: Unmanaged<AnyObject>, owner: ThreadLocalOwner) {
        self.content = content
        self.owner = owner
    }

    /// Called when the thread ends, at the same time maybe as the `ThreadLocal` goes.
    func release() { owner.release(self) }
}

/// Keeps the values, so that whichever ends first, thread or `ThreadLocal`, destroys them, and only one of them does.
private final class ThreadLocalOwner: Sendable {
    private let contents = Condition<[ObjectIdentifier: AnyObject]>([:])

    func keep(_ content: AnyObject, for slot: ThreadLocalSlot) {
        contents.updateAll { $0[ObjectIdentifier(slot)] = content }
    }

    func release(_ slot: ThreadLocalSlot) {
        // Destroyed behind the lock: a value's end may take its time.
        var content: AnyObject?
        contents.updateAll { content = $0.removeValue(forKey: ObjectIdentifier(slot)) }
        _ = content
    }

    func releaseAll() {
        var released: [ObjectIdentifier: AnyObject] = [:]
        contents.updateAll { swap(&$0, &released) }
    }
}
