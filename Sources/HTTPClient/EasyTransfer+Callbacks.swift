internal import CCurl
internal import Glibc
internal import HTTPMessage

// What libcurl calls while it works. Every callback runs on the client's thread, inside libcurl, so it only moves
// bytes and takes notes; tasks are woken when libcurl has returned.
extension EasyTransfer {
    static let headerCallback: curl_write_callback = { bytes, size, count, context in
        guard let transfer = EasyTransfer.from(context), let bytes else { return 0 }
        let length = size * count
        let line = UnsafeRawBufferPointer(start: bytes, count: length)
        return transfer.takeHeader(line) ? length : 0
    }

    static let writeCallback: curl_write_callback = { bytes, size, count, context in
        guard let transfer = EasyTransfer.from(context), let bytes else { return 0 }
        let length = size * count
        return bytes.withMemoryRebound(to: UInt8.self, capacity: length) { start in
            transfer.takeBody(UnsafeBufferPointer(start: start, count: length))
        }
    }

    static let readCallback: curl_read_callback = { room, size, count, context in
        guard let transfer = EasyTransfer.from(context), let room else { return Int(CURL_READFUNC_ABORT) }
        return transfer.giveBody(UnsafeMutableRawBufferPointer(start: room, count: size * count))
    }

    /// libcurl rewinds a body to send the request again, when a kept connection died before any of the response came.
    static let seekCallback: curl_seek_callback = { context, offset, origin in
        guard let transfer = EasyTransfer.from(context) else { return CURL_SEEKFUNC_FAIL }
        guard case .bytes(let body) = transfer.request.body, transfer.request.head.maySendAgain, origin == SEEK_SET,
            (0...body.count).contains(Int(offset))
        else { return CURL_SEEKFUNC_FAIL }
        transfer.bodyOffset = Int(offset)
        return CURL_SEEKFUNC_OK
    }

    /// A program started meanwhile must not inherit the connection and keep it open.
    static let socketCallback: curl_sockopt_callback = { _, socket, _ in
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        return CURL_SOCKOPT_OK
    }

    static let prerequestCallback: curl_prereq_callback = { context, address, _, port, _ in
        guard let transfer = EasyTransfer.from(context), transfer.admit(address, port: Int(port)) else {
            return CURL_PREREQFUNC_ABORT
        }
        transfer.touch()
        switch transfer.request.body {
        case .none: transfer.phase = .waiting
        case .bytes, .stream: transfer.phase = .sending
        }
        return CURL_PREREQFUNC_OK
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> EasyTransfer? {
        context.map { Unmanaged<EasyTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        touch()
        switch head.take(line) {
        case .more: return true
        case .invalid(let reason):
            failure = .responseInvalid("\(request.head.url.authority) sent a bad response: \(reason)")
            return false
        case .complete(let head):
            // libcurl reads a length beyond 64 bits as none at all and would take a cut body for a whole one.
            let lengths = head.headers.values("Content-Length")
            guard lengths.allSatisfy({ Int64($0).map { $0 >= 0 } ?? false && $0 == lengths[0] }) else {
                failure = .responseInvalid("\(request.head.url.authority) sent a bad response: its length is malformed")
                return false
            }
            phase = .receiving
            var head = head
            head.peer = peer
            exchange.deliver(head)
            markDirty()
            return true
        }
    }

    private func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        touch()
        let limit = request.head.maximumResponseBytes
        guard Int64(bytes.count) <= limit - bodyBytes else {
            failure = .responseTooLarge(
                "\(request.head.url.authority) answered with more than \(limit) bytes", limit: limit)
            return 0
        }
        markDirty()
        switch exchange.deliver(bytes) {
        case .taken:
            bodyBytes += Int64(bytes.count)
            return bytes.count
        case .full:
            pauses.receiving = true
            return Int(CURL_WRITEFUNC_PAUSE)
        case .unwanted: return 0
        }
    }

    private func giveBody(_ room: UnsafeMutableRawBufferPointer) -> Int {
        touch()
        switch request.body {
        case .none: return 0
        case .bytes(let body):
            let count = min(room.count, body.count - bodyOffset)
            body.withUnsafeBytes { bytes in
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[bodyOffset..<(bodyOffset + count)]))
            }
            bodyOffset += count
            if bodyOffset == body.count { phase = .waiting }
            return count
        case .stream(let length):
            return giveStream(room, length: length)
        }
    }

    private func giveStream(_ room: UnsafeMutableRawBufferPointer, length: Int64?) -> Int {
        markDirty()
        switch exchange.supply(room) {
        case .bytes(let count):
            bodyOffset += count
            if let length, bodyOffset >= length { phase = .waiting }
            return count
        case .end:
            phase = .waiting
            return 0
        case .empty:
            pauses.sending = true
            return Int(CURL_READFUNC_PAUSE)
        case .unwanted: return Int(CURL_READFUNC_ABORT)
        }
    }
}
