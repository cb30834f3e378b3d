internal import CMicrohttpd
internal import Glibc

/// Libmicrohttpd's daemon: its options, its callbacks and its end.
///
/// The callbacks get the engine without a retain; whoever holds a daemon holds its engine until `stop` is done.
struct Daemon: ~Copyable, @unchecked Sendable {
    // Unchecked: the pointer is used by the thread that owns the daemon; libmicrohttpd locks inside.
    private let handle: OpaquePointer

    /// Starts the loop threads on a listening socket; they accept connections from now on.
    init(_ engine: Engine, listening descriptor: Int32, threads: Int) throws(HTTPServerError) {
        let context = Unmanaged.passUnretained(engine).toOpaque()
        var options = Daemon.options(engine, context, descriptor, threads)
        var flags = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_USE_ITC.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
        flags |= MHD_USE_ERROR_LOG.rawValue
        if engine.isSecure { flags |= MHD_USE_TLS.rawValue }
        let handle = options.withUnsafeMutableBufferPointer { options -> OpaquePointer? in
            guard let start = options.baseAddress else { return nil }
            let list: [any CVarArg] = [Int32(MHD_OPTION.ARRAY.rawValue), start, Int32(MHD_OPTION.END.rawValue)]
            return withVaList(list) { list in
                MHD_start_daemon_va(UInt32(flags), 0, nil, nil, Daemon.handle, context, list)
            }
        }
        guard let handle else {
            throw HTTPServerError.cannotStart(reason: "libmicrohttpd: \(String(cString: strerror(errno)))")
        }
        self.handle = handle
    }

    /// Stops accepting connections; those that are open go on.
    func quiesce() { _ = MHD_quiesce_daemon(handle) }

    /// Ends the loop threads and closes what is open.
    ///
    /// Blocks. No connection may be suspended.
    consuming func stop() { MHD_stop_daemon(handle) }

    private static func options(
        _ engine: Engine, _ context: UnsafeMutableRawPointer, _ descriptor: Int32, _ threads: Int
    ) -> [MHD_OptionItem] {
        let limits = engine.limits
        // The header must fit and leave room to read: libmicrohttpd takes about two thirds of its pool for it.
        let poolBytes = max(32 * 1024, limits.headerBytes * 2)
        var options = [
            MHD_OptionItem(option: .EXTERNAL_LOGGER, value: unsafeBitCast(log, to: Int.self), ptr_value: context),
            MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(descriptor), ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_MEMORY_LIMIT, value: poolBytes, ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_LIMIT, value: max(limits.connections, threads), ptr_value: nil),
            MHD_OptionItem(option: .PER_IP_CONNECTION_LIMIT, value: limits.connectionsPerAddress, ptr_value: nil),
            // Not strict: `Framing` is, and answers in the handler's format instead of libmicrohttpd's.
            MHD_OptionItem(option: .STRICT_FOR_CLIENT, value: 0, ptr_value: nil),
            MHD_OptionItem(
                option: .NOTIFY_CONNECTION, value: unsafeBitCast(notifyConnection, to: Int.self), ptr_value: context),
            MHD_OptionItem(
                option: .URI_LOG_CALLBACK, value: unsafeBitCast(beginRequest, to: Int.self), ptr_value: context),
            MHD_OptionItem(option: .UNESCAPE_CALLBACK, value: unsafeBitCast(unescape, to: Int.self), ptr_value: nil),
            MHD_OptionItem(
                option: .NOTIFY_COMPLETED, value: unsafeBitCast(endRequest, to: Int.self), ptr_value: context),
        ]
        if threads > 1 {
            options.append(MHD_OptionItem(option: .THREAD_POOL_SIZE, value: threads, ptr_value: nil))
        }
        if engine.isSecure {
            options.append(
                MHD_OptionItem(option: .HTTPS_CERT_CALLBACK, value: 0, ptr_value: CertificateStore.callback))
            options.append(
                MHD_OptionItem(
                    option: .HTTPS_PRIORITIES, value: 0,
                    ptr_value: UnsafeMutableRawPointer(mutating: CertificateStore.priorities.utf8Start)))
        }
        options.append(MHD_OptionItem(option: .END, value: 0, ptr_value: nil))
        return options
    }
}

// Libmicrohttpd's callbacks. All but `log` run on the connection's loop thread.
extension Daemon {
    private static let notifyConnection: MHD_NotifyConnectionCallback = { context, handle, socketContext, code in
        guard let context, let handle, let socketContext else { return }
        switch code {
        case .CONNECTION_NOTIFY_STARTED:
            let engine = Unmanaged<Engine>.fromOpaque(context).takeUnretainedValue()
            let connection = Connection(engine, handle)
            socketContext.pointee = Unmanaged.passRetained(connection).toOpaque()
            engine.connections.insert(connection)
        case .CONNECTION_NOTIFY_CLOSED:
            guard let kept = socketContext.pointee else { return }
            let connection = Unmanaged<Connection>.fromOpaque(kept).takeRetainedValue()
            socketContext.pointee = nil
            connection.engine.connections.remove(connection)
        @unknown default:
            return
        }
    }

    private static let beginRequest:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer? = {
            _, target, handle in
            guard let target, let handle, let kept = chartroom_connection_context(handle) else { return nil }
            let connection = Unmanaged<Connection>.fromOpaque(kept).takeUnretainedValue()
            connection.enter(.header, at: Clock.now())
            let number = connection.engine.nextNumber()
            let request = LiveRequest(connection, target: RawTarget(target), number: number)
            return Unmanaged.passRetained(request).toOpaque()
        }

    /// Leaves every escape alone: what `%2F` means is the router's to say.
    private static let unescape:
        @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?) -> Int = {
            _, _, text in text.map { strlen($0) } ?? 0
        }

    private static let handle: MHD_AccessHandlerCallback = { _, _, _, method, version, upload, uploadCount, kept in
        guard let kept = kept?.pointee, let method, let version, let uploadCount else { return .NO }
        let request = Unmanaged<LiveRequest>.fromOpaque(kept).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: upload, count: uploadCount.pointee)
        let result = request.proceed(method: method, version: version, upload: bytes)
        uploadCount.pointee = 0
        return result
    }

    private static let endRequest: MHD_RequestCompletedCallback = { _, _, kept, code in
        guard let kept, let object = kept.pointee else { return }
        kept.pointee = nil
        let request = Unmanaged<LiveRequest>.fromOpaque(object).takeRetainedValue()
        request.end(isComplete: code == .REQUEST_TERMINATED_COMPLETED_OK)
    }

    private static let log: MHD_LogCallback = { context, format, list in
        guard let context, let format, let list else { return }
        let engine = Unmanaged<Engine>.fromOpaque(context).takeUnretainedValue()
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
            guard let start = text.baseAddress, vsnprintf(start, 512, format, list) > 0 else { return }
            engine.log(String(cString: start))
        }
    }
}
