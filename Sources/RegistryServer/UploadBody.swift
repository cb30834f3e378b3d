internal import Content
internal import HTTPServer
internal import Synchronization

/// A request body on its way into an upload.
final class UploadBody: BodyConsumer {
    typealias Open = @Sendable () async throws(ContentError) -> any UploadWriter
    typealias Finish = @Sendable (any UploadWriter) async throws(ContentError) -> Response

    private let announcedBytes: Int64?
    private let open: Open
    private let end: Finish
    private let failure: @Sendable (ContentError) -> Response
    private let writer = Mutex<(any UploadWriter)?>(nil)
    private let received = Mutex<Int64>(0)

    /// `announcedBytes` is what `Content-Range` says; nil when it says nothing.
    init(
        announcedBytes: Int64?, open: @escaping Open, finish: @escaping Finish,
        failure: @escaping @Sendable (ContentError) -> Response
    ) {
        self.announcedBytes = announcedBytes
        self.open = open
        end = finish
        self.failure = failure
    }

    private func opened() async throws(ContentError) -> any UploadWriter {
        if let known = writer.withLock({ $0 }) { return known }
        let opened = try await open()
        writer.withLock { $0 = opened }
        return opened
    }

    func consume(_ piece: [UInt8]) async -> Response? {
        do throws(ContentError) {
            let upload = try await opened()
            let total = received.withLock { received in
                received += Int64(piece.count)
                return received
            }
            if let announcedBytes, total > announcedBytes { throw sizeMismatch(announcedBytes) }
            try await upload.append(piece)
            return nil
        } catch {
            await abandon()
            return failure(error)
        }
    }

    func finish() async -> Response {
        do throws(ContentError) {
            let upload = try await opened()
            if let announcedBytes, received.withLock({ $0 }) != announcedBytes {
                await abandon()
                throw sizeMismatch(announcedBytes)
            }
            // From here on the upload's end is its own to clean up.
            writer.withLock { $0 = nil }
            return try await end(upload)
        } catch {
            return failure(error)
        }
    }

    private func sizeMismatch(_ announced: Int64) -> ContentError {
        .sizeInvalid("the chunk does not have the \(announced) bytes its Content-Range announces")
    }

    func abandon() async {
        let upload = writer.withLock { writer in
            let upload = writer
            writer = nil
            return upload
        }
        await upload?.abandon()
    }
}
