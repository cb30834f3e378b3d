internal import Content
internal import HTTPServer
internal import Synchronization

/// A body whose plan is made only when its first piece is here: credentials are looked into off the loop thread first.
final class LatePlan: BodyConsumer {
    private enum Stage: Sendable {
        case undecided
        case streaming(any BodyConsumer)
        case collecting([UInt8], most: Int, work: @Sendable ([UInt8]) async -> Response)
        case answered(Response)
    }

    private let admit: @Sendable () async -> Plan
    private let failure: @Sendable (ContentError) -> Response
    private let stage = Mutex(Stage.undecided)

    init(
        _ admit: @escaping @Sendable () async -> Plan, failure: @escaping @Sendable (ContentError) -> Response
    ) {
        self.admit = admit
        self.failure = failure
    }

    private func decided() async -> Stage {
        let known = stage.withLock { $0 }
        guard case .undecided = known else { return known }
        let next: Stage
        switch await admit() {
        case .respond(let response): next = .answered(response)
        case .perform(let work): next = .answered(await work())
        case .receive(let most, let work): next = .collecting([], most: most, work: work)
        case .stream(_, let consumer): next = .streaming(consumer)
        }
        stage.withLock { $0 = next }
        return next
    }

    func consume(_ piece: [UInt8]) async -> Response? {
        switch await decided() {
        case .undecided: return nil
        case .answered(let response): return response
        case .streaming(let consumer): return await consumer.consume(piece)
        case .collecting(var bytes, let most, let work):
            guard bytes.count + piece.count <= most else {
                return failure(.tooLarge("the body is larger than \(most) bytes"))
            }
            stage.withLock { $0 = .undecided }
            bytes += piece
            stage.withLock { $0 = .collecting(bytes, most: most, work: work) }
            return nil
        }
    }

    func finish() async -> Response {
        switch await decided() {
        case .undecided: failure(.internal("a request was answered before it was decided on"))
        case .answered(let response): response
        case .streaming(let consumer): await consumer.finish()
        case .collecting(let bytes, _, let work): await work(bytes)
        }
    }

    func abandon() async {
        if case .streaming(let consumer) = stage.withLock({ $0 }) { await consumer.abandon() }
    }
}
