internal import CMicrohttpd
internal import Glibc
internal import Synchronization

/// One client connection: what the loop thread keeps for it, and what the janitor may see.
///
/// Unchecked: `slots`, `peerText` and `requestCount` belong to the connection's loop thread, `watch` to the holder
/// of the engine's table lock, `away` has its own lock; the rest is atomic or constant. `handle` and `descriptor`
/// are used on the loop thread, or under a lock that the loop thread takes before they become invalid.
final class Connection: @unchecked Sendable {
    /// What a connection is doing, for the janitor.
    enum Phase: UInt64 {
        /// Between requests.
        case idle
        /// The request line is there, the header is not complete.
        case header
        /// The body is coming.
        case body
        /// The handler works; nobody waits for the client.
        case away
        /// The response is going out.
        case sending
    }

    let engine: Engine
    let handle: OpaquePointer
    let descriptor: Int32
    /// The phase and when it began, in one word: nanoseconds << 3 | phase.
    private let state: Atomic<UInt64>
    let openedAt: UInt64
    /// Bytes moved in either direction, where the server sees them move.
    let progress = Atomic<Int64>(0)
    /// The request that has left the loop thread, so that a stop can end it.
    let away = Mutex<LiveRequest?>(nil)
    var slots: [HeaderSlot] = []
    var requestCount = 0
    var watch = Watch()
    private var peerText: String?
    /// The client's address if it was asked for, empty otherwise.
    var knownPeer: String { peerText ?? "" }

    init(_ engine: Engine, _ handle: OpaquePointer) {
        self.engine = engine
        self.handle = handle
        descriptor = chartroom_connection_socket(handle)
        openedAt = Clock.now()
        state = Atomic(openedAt << 3)
        slots.reserveCapacity(16)
    }

    func enter(_ phase: Phase, at now: UInt64) {
        state.store(now << 3 | phase.rawValue, ordering: .relaxed)
    }

    var phase: (phase: Phase, since: UInt64) {
        let word = state.load(ordering: .relaxed)
        return (Phase(rawValue: word & 7) ?? .idle, word >> 3)
    }

    /// The client's address as text.
    ///
    /// Loop thread only.
    var peer: String {
        if let peerText { return peerText }
        var text = "unix"
        if engine.isTCP, let address = chartroom_connection_peer(handle), case .tcp(let host, _) = BoundAddress(address)
        {
            text = host
        }
        peerText = text
        return text
    }

    /// Reads the header fields into `slots`.
    ///
    /// Loop thread only.
    func collectHeader() {
        slots.removeAll(keepingCapacity: true)
        MHD_get_connection_values_n(
            handle, .HEADER_KIND,
            { context, _, name, nameCount, value, valueCount in
                guard let context, let name else { return .NO }
                let connection = Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue()
                connection.slots.append(
                    HeaderSlot(
                        name: Connection.bytes(name, nameCount),
                        value: Connection.trimmed(Connection.bytes(value, valueCount))))
                return .YES
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func bytes(_ text: UnsafePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
        let start = UnsafeRawPointer(text)?.assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    }

    /// Drops the blanks and tabs behind a value, which libmicrohttpd keeps.
    private static func trimmed(_ value: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var count = value.count
        while count > 0, value[count - 1] == 0x20 || value[count - 1] == 0x09 { count -= 1 }
        return UnsafeBufferPointer(rebasing: value[..<count])
    }
}

/// The monotonic clock in nanoseconds.
enum Clock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds, 0 for a negative duration, at most about 146 years.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(min(seconds, 4_600_000_000)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
