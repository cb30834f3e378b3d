internal import CMicrohttpd
internal import Glibc
internal import HTTPMessage
internal import Synchronization

// Handing a response to libmicrohttpd. Loop thread only.
extension LiveRequest {
    /// Files up to this size are read into memory: measured faster than sending them from the descriptor.
    private static let bufferedFileBytes: Int64 = 8 * 1024
    /// Bytes up to this size are copied at once; larger ones are read block by block as the client takes them.
    private static let copiedBytes = 64 * 1024

    /// Queues a response; the connection closes after it when asked, or when the server is stopping.
    func send(_ response: Response, closing: Bool = false) -> MHD_Result {
        stage = .queued
        let code = (200...599).contains(response.status.rawValue) ? response.status.rawValue : 500
        guard let handle = makeResponse(response.body, hasBody: code != 204 && code != 304) else {
            return response.body.readsFile ? sendFailure() : .NO
        }
        defer { MHD_destroy_response(handle) }
        addHeaders(response.headers, to: handle)
        if closing || response.closesConnection || connection.engine.isDraining {
            MHD_add_response_header(handle, "Connection", "close")
        }
        guard MHD_queue_response(connection.handle, UInt32(code), handle) == .YES else { return .NO }
        status = code
        connection.enter(.sending, at: hasLeft ? Clock.now() : startedAt)
        return .YES
    }

    /// Answers with 500 instead of a body that cannot be read.
    private func sendFailure() -> MHD_Result {
        var response = connection.engine.handler.refusal(500, "the content cannot be read")
        if response.body.readsFile { response.body = .empty }
        response.status = .internalServerError
        responseBytes = 0
        return send(response, closing: true)
    }

    private func makeResponse(_ body: Response.Body, hasBody: Bool) -> OpaquePointer? {
        switch body {
        case .empty:
            return LiveRequest.response(of: [])
        case .bytes(let bytes):
            guard hasBody else { return LiveRequest.response(of: []) }
            responseBytes = Int64(bytes.count)
            if bytes.count <= LiveRequest.copiedBytes { return LiveRequest.response(of: bytes) }
            return response(from: .bytes(bytes), length: responseBytes)
        case .file(let file):
            let descriptor = file.takeDescriptor()
            guard hasBody, file.length >= 0, file.offset >= 0 else {
                _ = close(descriptor)
                return LiveRequest.response(of: [])
            }
            responseBytes = file.length
            return response(file: descriptor, offset: file.offset, length: file.length)
        case .slices(let file):
            return response(slices: file.slices, of: file.takeDescriptor(), hasBody: hasBody)
        case .growing(let body):
            return response(growing: body, hasBody: hasBody)
        }
    }

    static func response(of bytes: [UInt8]) -> OpaquePointer? {
        bytes.withUnsafeBytes { bytes in
            MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
    }

    func response(file descriptor: Int32, offset: Int64, length: Int64) -> OpaquePointer? {
        if method == .head {
            _ = close(descriptor)
            return response(from: .absent, length: length)
        }
        if length <= LiveRequest.bufferedFileBytes {
            defer { _ = close(descriptor) }
            return LiveRequest.response(readFrom: descriptor, offset: offset, count: Int(length))
        }
        // Libmicrohttpd waits without end for bytes that a file does not have.
        var status = stat()
        guard fstat(descriptor, &status) == 0, length <= Int64(status.st_size) - offset else {
            _ = close(descriptor)
            return nil
        }
        guard connection.engine.sendsFromDescriptor else {
            return response(from: .file(descriptor: descriptor, offset: offset), length: length)
        }
        guard
            let response = MHD_create_response_from_fd_at_offset64(UInt64(length), descriptor, UInt64(offset))
        else {
            _ = close(descriptor)
            return nil
        }
        // Otherwise the header leaves in a segment of its own before the file: 8 to 20 % slower.
        chartroom_tcp_cork(connection.descriptor, 1)
        isCorked = true
        return response
    }

    private func response(slices: [FileSlice], of descriptor: Int32, hasBody: Bool) -> OpaquePointer? {
        let reader = SliceReader(descriptor, slices)
        guard hasBody, let reader else {
            if reader == nil { _ = close(descriptor) }
            return hasBody ? nil : LiveRequest.response(of: [])
        }
        responseBytes = reader.length
        if let only = reader.onlySlice {
            return response(file: reader.takeDescriptor(), offset: only.offset, length: only.length)
        }
        if method == .head { return response(from: .absent, length: reader.length) }
        guard reader.isWithinFile else { return nil }
        return response(from: .slices(reader), length: reader.length)
    }

    private static func response(readFrom descriptor: Int32, offset: Int64, count: Int) -> OpaquePointer? {
        guard let buffer = malloc(max(count, 1)) else { return nil }
        var position = 0
        while position < count {
            let read = pread(descriptor, buffer + position, count - position, off_t(offset) + position)
            if read < 0 && errno == EINTR { continue }
            guard read > 0 else {
                free(buffer)
                return nil
            }
            position += read
        }
        guard let response = MHD_create_response_from_buffer(count, buffer, .RESPMEM_MUST_FREE) else {
            free(buffer)
            return nil
        }
        return response
    }

    func response(from content: BodySource.Content, length: Int64) -> OpaquePointer? {
        let source = BodySource(content, connection)
        let box = Unmanaged.passRetained(source)
        let isGrowing = if case .growing = content { true } else { false }
        let response = MHD_create_response_from_callback(
            UInt64(length), isGrowing ? BodySource.growingBlockBytes : BodySource.blockBytes,
            { context, position, buffer, room in
                guard let context, let buffer else { return -1 }
                let block = UnsafeMutableRawBufferPointer(start: buffer, count: room)
                let source = Unmanaged<BodySource>.fromOpaque(context).takeUnretainedValue()
                let count = source.read(at: Int64(clamping: position), into: block)
                return count >= 0 ? count : ReaderCode.failed
            }, box.toOpaque(),
            { context in
                guard let context else { return }
                Unmanaged<BodySource>.fromOpaque(context).release()
            })
        guard let response else {
            box.release()
            return nil
        }
        self.source = source
        return response
    }

    private enum ReaderCode {
        /// `MHD_CONTENT_READER_END_WITH_ERROR`, which Swift does not import.
        static let failed = -2
    }
}

// Header fields of a response.
extension LiveRequest {
    private func addHeaders(_ headers: [(name: StaticString, value: String)], to response: OpaquePointer) {
        for header in headers where !LiveRequest.isOwn(header.name) {
            LiveRequest.add(header.name, header.value, to: response)
        }
        connection.engine.withRequestID(number) { text in
            _ = MHD_add_response_header(response, "X-Request-Id", text)
        }
    }

    /// Adds a field.
    ///
    /// Libmicrohttpd refuses values with line breaks and tabs; those are replaced by blanks.
    private static func add(_ name: StaticString, _ value: String, to response: OpaquePointer) {
        name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) { name in
            let isAdded = value.withCString { MHD_add_response_header(response, name, $0) == .YES }
            if isAdded || value.isEmpty { return }
            _ = cleaned(value).withCString { MHD_add_response_header(response, name, $0) }
        }
    }

    /// A value with blanks for its control characters.
    static func cleaned(_ value: String) -> String {
        String(decoding: value.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }

    /// Whether a field is the server's to write.
    static func isOwn(_ name: StaticString) -> Bool {
        switch name.utf8CodeUnitCount {
        case 4: HeaderFields.sameName("\(name)", "Date")
        case 10: HeaderFields.sameName("\(name)", "Connection")
        case 12: HeaderFields.sameName("\(name)", "X-Request-Id")
        case 14: HeaderFields.sameName("\(name)", "Content-Length")
        case 17: HeaderFields.sameName("\(name)", "Transfer-Encoding")
        default: false
        }
    }
}

extension Response {
    /// Closes what the body holds open when the response is never sent.
    func discard() {
        switch body {
        case .empty, .bytes: break
        case .file(let file): _ = close(file.takeDescriptor())
        case .slices(let file): _ = close(file.takeDescriptor())
        case .growing(let body): _ = close(body.takeDescriptor())
        }
    }
}

extension Response.Body {
    /// Whether sending it can fail because a file is not what it should be.
    fileprivate var readsFile: Bool {
        switch self {
        case .empty, .bytes: false
        case .file, .slices, .growing: true
        }
    }
}
