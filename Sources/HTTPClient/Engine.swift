internal import CCurl
internal import Glibc
internal import Posix
internal import Synchronization

/// A request as the thread takes it: everything but the pieces of a streamed body.
struct Submission: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Pulled from the exchange; the length is nil when unknown.
        case stream(length: Int64?)
    }

    var head: HTTPClientRequest
    var body: Body
}

/// The thread that owns the multi handle, and the mailbox in front of it.
///
/// Tasks put commands into the mailbox and wake the thread; only the thread touches libcurl's handles, with the one
/// exception of `curl_multi_wakeup`, which may be called from anywhere.
final class Engine: Sendable {
    enum Command: Sendable {
        case start(Submission, Exchange)
        /// The task took bytes or gave some: let a paused transfer go on.
        case resume(Exchange)
        case cancel(Exchange)
        case stop
    }

    private let mailbox = Mutex<[Command]>([])
    private let multi: MultiHandle

    init(_ configuration: HTTPClientConfiguration) throws(HTTPClientError) {
        multi = try MultiHandle(configuration)
        do {
            _ = try SystemThread(name: "http-client") { [self] in
                Engine.prepareThread()
                Loop(engine: self, multi: multi.pointer, configuration: configuration).run()
            }
        } catch {
            throw .engineFailed("the HTTP client has no thread: \(error)")
        }
    }

    /// Hands a command to the thread.
    ///
    /// A non-empty mailbox has its wake-up call under way already.
    func enqueue(_ command: Command) {
        let wasEmpty = mailbox.withLock { mailbox in
            mailbox.append(command)
            return mailbox.count == 1
        }
        if wasEmpty { curl_multi_wakeup(multi.pointer) }
    }

    fileprivate func takeCommands() -> [Command] {
        mailbox.withLock { mailbox in
            let commands = mailbox
            mailbox = []
            return commands
        }
    }

    fileprivate var hasCommands: Bool { mailbox.withLock { !$0.isEmpty } }

    /// Signals go to other threads: libcurl must never be interrupted, nor killed by a closed socket.
    private static func prepareThread() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}

/// The multi handle.
///
/// Freed when neither the thread nor any task can reach the engine any more.
///
/// Sendable because only the thread uses it, and others only for `curl_multi_wakeup`, which is thread-safe
/// (https://curl.se/libcurl/c/curl_multi_wakeup.html).
private struct MultiHandle: ~Copyable, @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init(_ configuration: HTTPClientConfiguration) throws(HTTPClientError) {
        // Thread-safe since libcurl 7.84 and counted; every client calls it once and none undoes it.
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let pointer = curl_multi_init() else {
            throw .engineFailed("libcurl cannot be started")
        }
        self.pointer = pointer
        let hostLimit = max(1, configuration.maximumConnectionsPerHost)
        chartroom_curl_multi_set_long(pointer, CURLMOPT_MAX_HOST_CONNECTIONS, hostLimit)
        chartroom_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, max(1, configuration.maximumIdleConnections))
        chartroom_curl_multi_set_long(pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    deinit {
        curl_multi_cleanup(pointer)
    }
}

extension Engine {
    /// The thread's own state: no lock, no other thread.
    final class Loop {
        /// The time at the start of the current round.
        private(set) var now = ContinuousClock.now
        /// Transfers whose task may be ready to go on.
        var dirty: [EasyTransfer] = []
        private let engine: Engine
        private let multi: UnsafeMutableRawPointer
        private let configuration: HTTPClientConfiguration
        private var transfers: [ObjectIdentifier: EasyTransfer] = [:]
        private var byHandle: [UnsafeMutableRawPointer: EasyTransfer] = [:]
        private var isStopping = false

        fileprivate init(engine: Engine, multi: UnsafeMutableRawPointer, configuration: HTTPClientConfiguration) {
            self.engine = engine
            self.multi = multi
            self.configuration = configuration
        }
    }
}

extension Engine.Loop {
    fileprivate func run() {
        while !isStopping {
            now = .now
            for command in engine.takeCommands() { perform(command) }
            var running: Int32 = 0
            let code = curl_multi_perform(multi, &running)
            guard code == CURLM_OK else {
                failEverything("libcurl failed: \(String(cString: curl_multi_strerror(code)))")
                continue
            }
            let finishedAny = finishTransfers()
            let nextDeadline = expireDeadlines()
            wakeTasks()
            if !finishedAny, !isStopping, !engine.hasCommands { poll(until: nextDeadline) }
        }
        failEverything("the HTTP client was shut down")
    }

    private func perform(_ command: Engine.Command) {
        switch command {
        case .start(let submission, let exchange): start(submission, exchange)
        case .resume(let exchange): resume(exchange)
        case .cancel(let exchange): if let transfer = transfers[ObjectIdentifier(exchange)] { remove(transfer) }
        case .stop: isStopping = true
        }
    }

    private func start(_ submission: Submission, _ exchange: Exchange) {
        do throws(HTTPClientError) {
            let transfer = try EasyTransfer(
                submission, exchange: exchange, configuration: configuration, engine: self)
            let code = curl_multi_add_handle(multi, transfer.handle)
            guard code == CURLM_OK else {
                throw HTTPClientError.engineFailed("libcurl failed: \(String(cString: curl_multi_strerror(code)))")
            }
            transfers[ObjectIdentifier(exchange)] = transfer
            byHandle[transfer.handle] = transfer
        } catch {
            exchange.finish(.failure(error))
        }
    }

    /// `curl_easy_pause` sets both directions at once and may call the write callback before it returns.
    private func resume(_ exchange: Exchange) {
        guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
        transfer.touch()
        transfer.pauses = exchange.pauses
        let mask = (transfer.pauses.receiving ? CURLPAUSE_RECV : 0) | (transfer.pauses.sending ? CURLPAUSE_SEND : 0)
        curl_easy_pause(transfer.handle, mask)
    }

    private func finishTransfers() -> Bool {
        var finishedAny = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            // The message dies with the handle's removal: read it first.
            let code = message.pointee.data.result
            guard let transfer = byHandle[handle] else { continue }
            finishedAny = true
            let outcome = transfer.outcome(of: code)
            remove(transfer)
            transfer.exchange.finish(outcome)
        }
        return finishedAny
    }

    private func remove(_ transfer: EasyTransfer) {
        curl_multi_remove_handle(multi, transfer.handle)
        byHandle[transfer.handle] = nil
        transfers[ObjectIdentifier(transfer.exchange)] = nil
    }

    private func failEverything(_ reason: String) {
        for transfer in Array(transfers.values) {
            remove(transfer)
            transfer.exchange.finish(.failure(.engineFailed(reason)))
        }
        wakeTasks()
    }

    /// Ends what is late; gives when the next transfer would be.
    private func expireDeadlines() -> ContinuousClock.Instant? {
        var earliest: ContinuousClock.Instant?
        for transfer in Array(transfers.values) {
            guard let (deadline, instant) = transfer.nextDeadline else { continue }
            if instant <= now {
                remove(transfer)
                transfer.exchange.finish(.failure(transfer.timeout(deadline)))
            } else {
                earliest = min(earliest ?? instant, instant)
            }
        }
        return earliest
    }

    private func wakeTasks() {
        let woken = dirty
        dirty.removeAll(keepingCapacity: true)
        for transfer in woken {
            transfer.isDirty = false
            transfer.exchange.wake()
        }
    }

    /// libcurl cuts the wait short for its own timers and for wake-up calls.
    private func poll(until deadline: ContinuousClock.Instant?) {
        let longest = 60_000
        let left = deadline.map { max(0, ContinuousClock.now.duration(to: $0).wholeMilliseconds) } ?? longest
        curl_multi_poll(multi, nil, 0, Int32(min(left, longest)), nil)
    }
}
