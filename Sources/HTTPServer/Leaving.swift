internal import CMicrohttpd
internal import Synchronization

// Leaving the loop thread and coming back to it.
extension LiveRequest {
    /// Suspends the connection, then starts the work: in this order, so that an answer always finds it suspended.
    func leave(_ work: @escaping @Sendable () async -> Response) -> MHD_Result {
        stage = .away
        suspend()
        Task(executorPreference: connection.engine.executor) { self.answer(await work()) }
        return .YES
    }

    /// Stops libmicrohttpd from touching the connection until someone resumes it.
    ///
    /// Loop thread only.
    func suspend() {
        let engine = connection.engine
        takeSnapshot()
        hasLeft = true
        connection.away.withLock { $0 = self }
        connection.enter(.away, at: 0)
        flight.withLock { flight in
            flight.isSuspended = true
            MHD_suspend_connection(connection.handle)
        }
        // A stop cuts what it finds suspended; what suspends after it looked cuts itself.
        if engine.isCut { cut() }
    }

    /// Brings an answer back.
    ///
    /// Any thread, once.
    func answer(_ response: Response) {
        let isLate = flight.withLock { flight in
            if flight.isDead { return true }
            flight.answer = response
            resume(&flight)
            return false
        }
        if isLate { response.discard() }
    }

    /// Lets a suspended connection take more of the body.
    ///
    /// Any thread.
    func resumeBody() {
        flight.withLock { flight in
            guard flight.isSuspended, !flight.isDead else { return }
            connection.enter(.body, at: Clock.now())
            resume(&flight)
        }
    }

    /// Ends a suspended request without an answer.
    ///
    /// Any thread.
    func cut() {
        flight.withLock { flight in
            guard flight.isSuspended else { return }
            flight.isDead = true
            resume(&flight)
        }
    }

    func resume(_ flight: inout Flight) {
        guard flight.isSuspended else { return }
        flight.isSuspended = false
        MHD_resume_connection(connection.handle)
    }

    /// The connection is gone or the response is out: whoever still works for it must not touch it.
    ///
    /// Loop thread.
    func land() {
        connection.away.withLock { $0 = nil }
        let unsent = flight.withLock { flight in
            flight.isDead = true
            flight.isSuspended = false
            return flight.answer.take()
        }
        unsent?.discard()
    }
}

// The body as a stream.
extension LiveRequest {
    private enum Passing {
        case isTaken, starts, drains(Response)
    }

    /// Adds bytes to the piece in the making and passes it on when it is full.
    ///
    /// Loop thread only.
    func pass(_ upload: UnsafeRawBufferPointer, to stream: BodyStream) -> MHD_Result {
        var rest = upload[...]
        while !rest.isEmpty {
            let room = BodyStream.pieceBytes - stream.filling.count
            stream.filling.append(contentsOf: rest.prefix(room))
            rest = rest.dropFirst(room)
            guard stream.filling.count == BodyStream.pieceBytes else { break }
            let passing = stream.state.withLock { state -> Passing in
                if let early = state.early.take() { return .drains(early) }
                if state.isOver { return .isTaken }
                state.waiting.append(stream.filling)
                if !state.isBusy {
                    state.isBusy = true
                    return .starts
                }
                suspend()
                return .isTaken
            }
            stream.filling = []
            switch passing {
            case .isTaken: break
            case .starts: start(stream)
            case .drains(let response):
                return endBody(with: response)
            }
        }
        return .YES
    }

    /// The body is complete: the rest of it and the end go to the consumer in one hop.
    ///
    /// Loop thread only.
    func endBody(of stream: BodyStream) -> MHD_Result {
        stage = .away
        let starts = stream.state.withLock { state -> Bool in
            if let early = state.early.take() {
                stage = .answering(early)
                return false
            }
            if !stream.filling.isEmpty { state.waiting.append(stream.filling) }
            state.isComplete = true
            suspend()
            defer { state.isBusy = true }
            return !state.isBusy
        }
        stream.filling = []
        if case .answering(let response) = stage { return send(response, closing: true) }
        if starts { start(stream) }
        return .YES
    }

    private func start(_ stream: BodyStream) {
        takeSnapshot()
        hasLeft = true
        Task(executorPreference: connection.engine.executor) { await self.drive(stream) }
    }

    /// Calls the consumer until there is nothing to do.
    ///
    /// One at a time: `isBusy` says that it runs.
    private func drive(_ stream: BodyStream) async {
        while true {
            let step = stream.state.withLock { state in
                let step = BodyStream.next(&state)
                // Under the lock: once it is free, the connection may be suspended again for its answer.
                if state.waiting.isEmpty, !state.isComplete { resumeBody() }
                return step
            }
            switch step {
            case nil: return
            case .abandon: await stream.consumer.abandon()
            case .finish: answer(await stream.consumer.finish())
            case .consume(let piece):
                if var response = await stream.consumer.consume(piece) {
                    response.closesConnection = true
                    endEarly(stream, response)
                }
            }
        }
    }

    /// The consumer answers before the body is complete: what comes of it is thrown away.
    private func endEarly(_ stream: BodyStream, _ response: Response) {
        var isAnswer = false
        let unsent = stream.state.withLock { state -> Response? in
            state.isOver = true
            state.waiting = []
            if state.isDead { return response }
            isAnswer = state.isComplete
            if !isAnswer {
                state.early = response
                resumeBody()
            }
            return nil
        }
        unsent?.discard()
        if isAnswer { answer(response) }
    }

    /// Tells the consumer, once, that nothing more will come, unless it has been told the end.
    ///
    /// Loop thread only.
    func abandonStream() {
        guard let stream else { return }
        self.stream = nil
        var unsent: Response?
        let starts = stream.state.withLock { state -> Bool in
            unsent = state.early.take()
            state.isDead = true
            state.waiting = []
            guard !state.isOver, !state.isBusy else { return false }
            state.isBusy = true
            return true
        }
        unsent?.discard()
        if starts { start(stream) }
    }
}
