internal import CMicrohttpd
internal import Glibc
internal import HTTPMessage
internal import Synchronization

/// Reads a file that is still being written, and waits for its bytes with the connection suspended.
///
/// Unchecked: used on the connection's loop thread only.
final class GrowingReader: @unchecked Sendable {
    private let body: any GrowingResponseBody
    private let request: LiveRequest
    private let descriptor: Int32
    private let offset: Int64
    private let end: Int64
    /// All bytes of the file before this position may be read.
    private var readable: Int64

    /// Takes the descriptor over; `readable` is what is known to be there.
    init(_ body: any GrowingResponseBody, _ descriptor: Int32, _ request: LiveRequest, readable: Int64) {
        self.body = body
        self.descriptor = descriptor
        self.request = request
        self.readable = readable
        offset = body.offset
        end = body.offset + body.length
    }

    deinit { _ = close(descriptor) }

    /// Copies what is there behind a position; 0 when the connection was suspended until more is, -1 on failure.
    func read(at position: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let start = offset + position
        guard start < end else { return -1 }
        if readable <= start {
            // A stop that ends the wait comes back here: nothing more is asked for then.
            guard request.beginWaiting() else { return -1 }
            let request = request
            switch body.growth(beyond: start, { request.wakeForBytes() }) {
            case .readable(let position):
                guard position > start else { return -1 }
                readable = position
            case .waiting:
                request.waitForBytes()
                return 0
            case .failed:
                return -1
            }
        }
        let room = Int(min(Int64(buffer.count), min(readable, end) - start))
        var count = 0
        repeat { count = pread(descriptor, buffer.baseAddress, room, off_t(start)) } while count < 0 && errno == EINTR
        return count > 0 ? count : -1
    }
}

// Waiting for bytes of a response.
extension LiveRequest {
    /// Forgets wakes of earlier waits; false when the request was cut.
    ///
    /// Loop thread only.
    fileprivate func beginWaiting() -> Bool {
        flight.withLock { flight in
            flight.isWoken = false
            return !flight.isDead
        }
    }

    /// Suspends the connection until it is woken, which may have happened already.
    ///
    /// Loop thread only, inside libmicrohttpd's content reader.
    fileprivate func waitForBytes() {
        suspend()
        flight.withLock { flight in
            if flight.isWoken { resumeForBytes(&flight) }
        }
    }

    /// More bytes are there, or none will ever come.
    ///
    /// Any thread, also after the connection died.
    fileprivate func wakeForBytes() {
        flight.withLock { flight in
            flight.isWoken = true
            resumeForBytes(&flight)
        }
    }

    /// From here on the client is on the clock again.
    private func resumeForBytes(_ flight: inout Flight) {
        guard flight.isSuspended, !flight.isDead else { return }
        connection.enter(.sending, at: Clock.now())
        resume(&flight)
    }
}

// Answering with a growing file.
extension LiveRequest {
    /// Makes the response; nil when the body has failed already.
    ///
    /// Loop thread only.
    func response(growing body: any GrowingResponseBody, hasBody: Bool) -> OpaquePointer? {
        let descriptor = body.takeDescriptor()
        let (end, overflows) = body.offset.addingReportingOverflow(body.length)
        guard hasBody, body.length > 0, body.offset >= 0, !overflows else {
            _ = close(descriptor)
            return LiveRequest.response(of: [])
        }
        responseBytes = body.length
        if method == .head {
            _ = close(descriptor)
            return response(from: .absent, length: body.length)
        }
        var readable = body.offset
        // What waits asks again when it is its turn: this wake means nothing.
        switch body.growth(beyond: body.offset, {}) {
        case .readable(let position) where position >= end:
            return response(file: descriptor, offset: body.offset, length: body.length)
        case .readable(let position): readable = position
        case .waiting: break
        case .failed:
            _ = close(descriptor)
            return nil
        }
        let reader = GrowingReader(body, descriptor, self, readable: readable)
        return response(from: .growing(reader), length: body.length)
    }
}
