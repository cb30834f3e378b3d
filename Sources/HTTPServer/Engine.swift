internal import CMicrohttpd
internal import Glibc
internal import Synchronization

/// What every connection of a server shares.
///
/// Lives until the daemon has stopped.
final class Engine: Sendable {
    let handler: any RequestHandler
    let executor: any TaskExecutor
    let limits: ServerLimits
    let isSecure: Bool
    let isTCP: Bool
    let log: @Sendable (String) -> Void
    let certificates: CertificateStore?
    /// Whether framing looks for bytes hidden in the read buffer: libmicrohttpd 1.0 looks itself.
    let checksLayout: Bool
    /// Requests begun and not ended.
    let active = Atomic<Int>(0)
    /// Requests that have left their loop thread and are not answered.
    let pending = Atomic<Int>(0)
    let connections = ConnectionTable()
    let control = Control()
    let lingering = Lingering()
    private let draining = Atomic<Bool>(false)
    private let cutting = Atomic<Bool>(false)
    private let requests = Atomic<UInt64>(0)
    private let prefix: [UInt8]

    init(
        handler: any RequestHandler, executor: any TaskExecutor, limits: ServerLimits, isTCP: Bool,
        certificates: CertificateStore?, log: @escaping @Sendable (String) -> Void
    ) {
        self.handler = handler
        self.executor = executor
        self.limits = limits
        self.isTCP = isTCP
        self.certificates = certificates
        self.log = log
        isSecure = certificates != nil
        checksLayout = MHD_get_version().map { String(cString: $0).hasPrefix("0.") } ?? false
        let seed = String(UInt32.random(in: .min ... .max), radix: 16)
        prefix = Array((String(repeating: "0", count: 8 - seed.utf8.count) + seed + "-").utf8)
    }

    /// Files go out by `sendfile`: over TLS and where progress must be counted, block by block is better.
    var sendsFromDescriptor: Bool { isTCP && !isSecure }
    var isDraining: Bool { draining.load(ordering: .relaxed) }
    var isCut: Bool { cutting.load(ordering: .sequentiallyConsistent) }

    func nextNumber() -> UInt64 { requests.add(1, ordering: .relaxed).newValue }

    func requestID(_ number: UInt64) -> String {
        withRequestID(number) { String(cString: $0) }
    }

    /// Writes a request's identifier, as `1f2e3d4c-57`, without allocating.
    func withRequestID<Value>(_ number: UInt64, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            _ = text.update(fromContentsOf: prefix)
            var start = 30
            text[31] = 0
            text[start] = UInt8(0x30 + number % 10)
            var rest = number / 10
            while rest > 0 {
                start -= 1
                text[start] = UInt8(0x30 + rest % 10)
                rest /= 10
            }
            for index in start...31 { text[prefix.count + index - start] = text[index] }
            return text.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { body($0) } ?? body("")
            }
        }
    }

    /// Every response closes its connection from now on.
    func startDraining() { draining.store(true, ordering: .relaxed) }

    /// Ends everything: suspended requests come back dead, sockets are shut.
    func cutEverything() {
        cutting.store(true, ordering: .sequentiallyConsistent)
        connections.forEach { connection in
            if let request = connection.away.withLock({ $0 }) { request.cut() }
            shutdown(connection.descriptor, Int32(SHUT_RDWR))
        }
    }

    /// Lets the client of a connection that ends now finish sending.
    func linger(_ descriptor: Int32) {
        lingering.add(descriptor)
        control.wake()
    }

    func requestEnded() {
        let remaining = active.subtract(1, ordering: .sequentiallyConsistent).newValue
        if remaining == 0, draining.load(ordering: .sequentiallyConsistent) { control.wake() }
    }
}
