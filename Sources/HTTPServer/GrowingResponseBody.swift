/// A file on its way into a response while it is still being written.
///
/// Owns the descriptor until the server takes it. When all of it can be read already, it is sent as a `FileBody` is.
public protocol GrowingResponseBody: AnyObject, Sendable {
    /// Where the body starts in the file, in bytes.
    var offset: Int64 { get }
    /// The body's length in bytes, announced as `Content-Length` before all of it is there.
    var length: Int64 { get }
    /// Gives up the descriptor: the caller closes it. Called once.
    func takeDescriptor() -> Int32
    /// How far the file may be read now; positions count from the file's beginning.
    ///
    /// Called on the loop thread and must not block. After `.waiting`, `wake` is called once, from any thread, also
    /// before this returns, as soon as the answer would be another; a wake that comes late or twice does no harm.
    func growth(beyond position: Int64, _ wake: @escaping @Sendable () -> Void) -> ResponseGrowth
}

/// How far a growing body may be read.
public enum ResponseGrowth: Sendable, Equatable {
    /// All bytes of the file before this position, which lies behind the one asked for.
    case readable(upTo: Int64)
    /// No further yet: `wake` will be called, and meanwhile nobody counts the client as slow.
    case waiting
    /// It will never be whole: the connection ends, so that the client sees a body cut short.
    case failed
}
