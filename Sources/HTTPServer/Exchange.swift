internal import CMicrohttpd
internal import HTTPMessage
internal import Synchronization

// The course of a request on its loop thread: header, plan, body, answer, end.
extension LiveRequest {
    /// How much of an unwanted body is read and thrown away to keep the connection.
    private static let droppedBytes: Int64 = 64 * 1024
    /// How much is thrown away so that the client gets to read why its upload failed.
    private static let drainedBytes: Int64 = 16 * 1024 * 1024
    /// How far memory is reserved ahead of what has arrived: an announced length costs nothing.
    private static let reservedBytes: Int64 = 64 * 1024

    /// Called by libmicrohttpd: first with the header, then with each part of the body, then without one.
    func proceed(
        method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, upload: UnsafeRawBufferPointer
    ) -> MHD_Result {
        if case .fresh = stage { return begin(method: method, version: version) }
        if hasLeft, flight.withLock({ $0.isDead }) { return .NO }
        return upload.isEmpty ? complete() : receive(upload)
    }

    private func begin(method: UnsafePointer<CChar>, version: UnsafePointer<CChar>) -> MHD_Result {
        let engine = connection.engine
        startedAt = Clock.now()
        engine.active.add(1, ordering: .relaxed)
        connection.requestCount += 1
        connection.collectHeader()
        let line = Framing.Line(method: RawTarget.bytes(method), target: target, version: RawTarget.bytes(version))
        let framing = Framing(
            line, connection.slots, headerBytes: chartroom_connection_header_size(connection.handle),
            checksLayout: engine.checksLayout, limits: engine.limits)
        if let refusal = framing.refusal { return refuse(refusal.status, refusal.message) }
        guard let path = target.pathText else { return refuse(400, "the request target is not a path") }
        describe(line, path: path, framing.body)
        hasBody = framing.body != .none
        return follow(engine.handler.plan(for: self), framing)
    }

    private func follow(_ plan: Plan, _ framing: Framing) -> MHD_Result {
        var isUnwanted = hasBody
        if case .length(let length) = framing.body, length <= LiveRequest.droppedBytes, !framing.expectsContinue {
            isUnwanted = false
        }
        switch plan {
        case .respond(let response):
            if isUnwanted { return sendEarly(response) }
            stage = .answering(response)
        case .perform(let work):
            guard admit() else { return refuse(503, "the server is overloaded") }
            if isUnwanted {
                closesEarly = true
                return leave(work)
            }
            stage = .performing(work)
        case .receive(let maximumBytes, let work):
            if let contentLength, contentLength > maximumBytes { return refuse(413, "the request body is too large") }
            guard admit() else { return refuse(503, "the server is overloaded") }
            stage = .collecting([], maximumBytes: maximumBytes, work)
        case .stream(let maximumBytes, let consumer):
            let stream = BodyStream(consumer, maximumBytes: maximumBytes)
            self.stream = stream
            if let contentLength, contentLength > maximumBytes { return refuse(413, "the request body is too large") }
            guard admit() else { return refuse(503, "the server is overloaded") }
            stage = .streaming(stream)
        }
        if hasBody { connection.enter(.body, at: startedAt) }
        return .YES
    }

    /// Answers with the handler's own error body and closes the connection.
    private func refuse(_ status: Int, _ message: String) -> MHD_Result {
        var response = connection.engine.handler.refusal(status, message)
        response.status = HTTPStatus(rawValue: status)
        if status == 503, !response.headers.contains(where: { HeaderFields.sameName("\($0.name)", "Retry-After") }) {
            response.headers.append(("Retry-After", "1"))
        }
        return sendEarly(response)
    }

    /// Answers before the body has been read: the connection closes, gently when the client may be sending.
    private func sendEarly(_ response: Response) -> MHD_Result {
        lingers = hasBody
        return send(response, closing: true)
    }

    /// Counts the request as one that leaves the loop thread; false when there are too many.
    private func admit() -> Bool {
        let engine = connection.engine
        let count = engine.pending.add(1, ordering: .relaxed).newValue
        guard count <= engine.limits.pendingRequests else {
            engine.pending.subtract(1, ordering: .relaxed)
            return false
        }
        isPending = true
        return true
    }

    private func receive(_ upload: UnsafeRawBufferPointer) -> MHD_Result {
        receivedBytes += Int64(upload.count)
        connection.progress.add(Int64(upload.count), ordering: .relaxed)
        switch stage {
        case .collecting(var bytes, let maximumBytes, let work):
            stage = .queued
            guard bytes.count + upload.count <= maximumBytes else { return refuseRest() }
            if bytes.isEmpty, let contentLength {
                bytes.reserveCapacity(Int(min(contentLength, LiveRequest.reservedBytes)))
            }
            bytes.append(contentsOf: upload)
            stage = .collecting(bytes, maximumBytes: maximumBytes, work)
            return .YES
        case .streaming(let stream):
            guard receivedBytes <= stream.maximumBytes else { return refuseRest() }
            return pass(upload, to: stream)
        case .answering, .performing:
            return receivedBytes - drainStart <= LiveRequest.drainedBytes ? .YES : .NO
        case .fresh, .away, .queued:
            return .NO
        }
    }

    /// Turns down a body that grew too large: what still comes is thrown away, within limits.
    private func refuseRest() -> MHD_Result {
        var response = connection.engine.handler.refusal(413, "the request body is too large")
        response.status = .contentTooLarge
        response.closesConnection = true
        abandonStream()
        return endBody(with: response)
    }

    /// Answers in the middle of a body: at once where that is possible, else after its rest, up to a limit.
    func endBody(with response: Response) -> MHD_Result {
        if sendThrough(response) {
            lingers = true
            return .NO
        }
        drainStart = receivedBytes
        stage = .answering(response)
        return .YES
    }

    private func complete() -> MHD_Result {
        switch stage {
        case .answering(let response):
            return send(response)
        case .performing(let work):
            return leave(work)
        case .collecting(let bytes, _, let work):
            return leave { await work(bytes) }
        case .streaming(let stream):
            return endBody(of: stream)
        case .away:
            guard let answer = flight.withLock({ $0.answer.take() }) else { return .NO }
            return closesEarly ? sendEarly(answer) : send(answer)
        case .fresh, .queued:
            return .NO
        }
    }

    /// Called by libmicrohttpd when the response is out or the connection died.
    func end(isComplete: Bool) {
        let engine = connection.engine
        if lingers { engine.linger(connection.descriptor) }
        if isCorked { chartroom_tcp_cork(connection.descriptor, 0) }
        if case .answering(let response) = stage { response.discard() }
        // Work that never began may hold this request.
        stage = .queued
        if hasLeft { land() }
        abandonStream()
        if isPending { engine.pending.subtract(1, ordering: .relaxed) }
        guard startedAt > 0 else { return detach() }
        let now = Clock.now()
        connection.enter(.idle, at: now)
        // What went through the socket by itself is complete although libmicrohttpd was told to give up.
        let wasSent = status != 0 && (isComplete || hasSentThrough)
        let outcome = Outcome(
            status: status, bytesSent: method == .head ? 0 : wasSent ? responseBytes : source?.position ?? 0,
            bytesReceived: receivedBytes, duration: .nanoseconds(Int64(clamping: now - startedAt)),
            isComplete: wasSent)
        engine.handler.finished(self, outcome)
        // It may hold the request.
        source = nil
        detach()
        engine.requestEnded()
    }
}
