internal import Content
internal import HTTPMessage
internal import HTTPServer
internal import Synchronization

/// The body of `POST /api/…/charts`, piece by piece.
final class ChartBody: BodyConsumer {
    /// The form's field whose data come now.
    private enum Field {
        case none, chart, provenance
    }

    private struct State {
        var uploading: ChartUploading
        var form: MultipartParser?
        var field = Field.none
    }

    /// Calls come one at a time: the state is taken out for one and put back behind it.
    private let state: Mutex<State>
    private let failure: @Sendable (ContentError) -> Response

    /// Without a form the whole body is the archive.
    init(
        _ uploading: ChartUploading, form: MultipartParser?,
        failure: @escaping @Sendable (ContentError) -> Response
    ) {
        state = Mutex(State(uploading: uploading, form: form))
        self.failure = failure
    }

    func consume(_ piece: [UInt8]) async -> Response? {
        var current = state.withLock { $0 }
        let refusal: Response?
        do throws(ContentError) {
            try await ChartBody.take(piece, &current)
            refusal = nil
        } catch {
            await current.uploading.abandon()
            refusal = failure(error)
        }
        state.withLock { [current] in $0 = current }
        return refusal
    }

    func finish() async -> Response {
        var current = state.withLock { $0 }
        let response: Response
        do throws(ContentError) {
            if let form = current.form {
                do { try form.finish() } catch { throw .parameterInvalid(error.description) }
            } else {
                // An empty body is an archive too, and the store says what is wrong with it.
                try await current.uploading.open()
            }
            response = ChartFace.saved(try await current.uploading.finish())
        } catch {
            await current.uploading.abandon()
            response = failure(error)
        }
        state.withLock { [current] in $0 = current }
        return response
    }

    func abandon() async {
        var current = state.withLock { $0 }
        await current.uploading.abandon()
        state.withLock { [current] in $0 = current }
    }

    private static func take(_ piece: [UInt8], _ current: inout State) async throws(ContentError) {
        guard current.form != nil else { return try await current.uploading.append(piece) }
        let events: [MultipartEvent]
        do {
            events = try current.form?.parse(piece) ?? []
        } catch {
            throw .parameterInvalid(error.description)
        }
        for event in events {
            switch event {
            case .part(let part): current.field = try await begin(part, &current.uploading)
            case .data(let bytes):
                switch current.field {
                case .none: break
                case .chart: try await current.uploading.append(bytes)
                case .provenance: try current.uploading.appendProvenance(bytes)
                }
            case .partEnd, .end: current.field = .none
            }
        }
    }

    private static func begin(_ part: MultipartPart, _ uploading: inout ChartUploading)
        async throws(ContentError)
        -> Field
    {
        switch part.name {
        case "chart":
            try await uploading.begin()
            return .chart
        case "prov":
            try uploading.beginProvenance()
            return .provenance
        default: return .none
        }
    }
}
