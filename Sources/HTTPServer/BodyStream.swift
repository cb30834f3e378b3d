internal import Synchronization

/// A request body on its way to its consumer.
///
/// The loop thread fills one buffer while the consumer works on another. With both full the connection is
/// suspended, so an upload holds a few pieces at most, whatever its length.
///
/// Unchecked: `filling` and `total` belong to the loop thread; what both sides share is in `state`.
final class BodyStream: @unchecked Sendable {
    static let pieceBytes = 256 * 1024

    struct State {
        /// Whether a task calls the consumer now; it goes on until it finds nothing more to do.
        var isBusy = false
        /// Full pieces the consumer has not been given yet, at most two.
        var waiting: [[UInt8]] = []
        var isComplete = false
        var isDead = false
        /// The consumer was told the end, one way or the other.
        var isOver = false
        /// A response given before the body was complete.
        var early: Response?
    }

    enum Step {
        case consume([UInt8])
        case finish
        case abandon
    }

    let consumer: any BodyConsumer
    let maximumBytes: Int64
    let state = Mutex(State())
    var filling: [UInt8] = []
    var total: Int64 = 0

    init(_ consumer: any BodyConsumer, maximumBytes: Int64) {
        self.consumer = consumer
        self.maximumBytes = maximumBytes
    }

    /// Takes the consumer's next step, or marks it idle.
    ///
    /// Called under the lock by the task that is busy.
    static func next(_ state: inout State) -> Step? {
        if !state.isOver {
            if state.isDead {
                state.isOver = true
                return .abandon
            }
            if !state.waiting.isEmpty { return .consume(state.waiting.removeFirst()) }
            if state.isComplete {
                state.isOver = true
                return .finish
            }
        }
        state.isBusy = false
        return nil
    }
}
