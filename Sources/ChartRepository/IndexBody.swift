internal import Codecs
internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import RemoteRegistry

/// Reads an index's body into memory, unpacked when it came packed.
enum IndexBody {
    /// The text; throws only what ends a body early.
    static func read(
        _ response: HTTPClientResponse, maximumBytes: Int, _ file: AskedFile, _ sender: RetryingSender
    ) async throws(HTTPClientError) -> Result<[UInt8], ContentError> {
        let tooLarge = ContentError.tooLarge("\(file) is larger than \(maximumBytes) bytes, which is the limit")
        var text: [UInt8] = []
        let unpacker: GzipReader?
        switch response.headers["Content-Encoding"]?.lowercased() {
        case nil, "", "identity":
            unpacker = nil
            let length = response.contentLength ?? 0
            guard length <= Int64(maximumBytes) else {
                response.cancel()
                return .failure(tooLarge)
            }
            text.reserveCapacity(Int(length))
        case "gzip", "x-gzip": unpacker = GzipReader(maximumBytes: maximumBytes)
        case .some(let encoding):
            response.cancel()
            return .failure(
                .unavailable("\(file) came in the encoding \(AskedFile.printable(encoding)), which was not asked for"))
        }
        do throws(HTTPClientError) {
            while let piece = try await response.next() {
                try await sender.spend(received: piece.count, from: response.url.origin)
                if let unpacker {
                    try unpacker.unpack(piece, into: &text)
                } else {
                    guard piece.count <= maximumBytes - text.count else { throw .responseTooLarge("", limit: 0) }
                    text += piece
                }
            }
            try unpacker?.end()
        } catch {
            response.cancel()
            switch error {
            case .responseTooLarge: return .failure(tooLarge)
            case .responseInvalid: return .failure(.unavailable("\(file) came damaged: \(error.message)"))
            case .urlInvalid, .requestInvalid, .hostNotFound, .connectFailed, .tlsFailed, .timedOut, .connectionLost,
                .redirectRefused, .addressRefused, .hostBusy, .requestBodyFailed, .cancelled, .engineFailed:
                throw error
            }
        }
        return .success(text)
    }
}

extension GzipReader {
    fileprivate func unpack(_ piece: [UInt8], into text: inout [UInt8]) throws(HTTPClientError) {
        do throws(GzipError) {
            try read(piece.span, into: &text)
        } catch {
            throw GzipReader.failure(error)
        }
    }

    fileprivate func end() throws(HTTPClientError) {
        do throws(GzipError) {
            try finish()
        } catch {
            throw GzipReader.failure(error)
        }
    }

    private static func failure(_ error: GzipError) -> HTTPClientError {
        switch error {
        case .malformed: .responseInvalid("it is said to be gzip and is not")
        case .tooLarge(let limit): .responseTooLarge("", limit: Int64(limit))
        }
    }
}
