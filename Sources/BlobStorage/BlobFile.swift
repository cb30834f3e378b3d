public import Content
internal import Posix

/// An open blob.
///
/// Reading at an offset is safe from several threads.
public final class BlobFile: OpenBlob, Sendable {
    private let file: OpenFile

    init(_ file: OpenFile) {
        self.file = file
    }

    /// The size in bytes.
    public var size: Int64 { file.size }

    /// Gives up the descriptor, which the caller closes; -1 when it was given up before.
    public func takeDescriptor() -> Int32 { file.takeDescriptor() }

    /// Bytes from `offset`, at most `maximumBytes`, fewer only at the end.
    public func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
        do {
            return try file.read(at: offset, maximumBytes: maximumBytes)
        } catch {
            throw .corrupt("a stored blob cannot be read: \(error)")
        }
    }
}
