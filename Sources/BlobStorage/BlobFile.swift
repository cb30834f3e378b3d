public import Content
internal import Posix

/// An open blob.
///
/// Reading at an offset is safe from several threads.
public final class BlobFile: OpenBlob, Sendable {
    private let file: OpenFile
    private let isShared: Bool

    init(_ file: OpenFile, isShared: Bool = false) {
        self.file = file
        self.isShared = isShared
    }

    /// The same open file for one more user, who may take a descriptor of its own.
    ///
    /// A third of the cost of opening it again: one system call instead of three.
    public func shared() -> BlobFile { BlobFile(file, isShared: true) }

    /// The size in bytes.
    public var size: Int64 { file.size }

    /// Gives up the descriptor, which the caller closes; -1 when it was given up before.
    public func takeDescriptor() -> Int32 { isShared ? file.duplicateDescriptor() : file.takeDescriptor() }

    /// Bytes from `offset`, at most `maximumBytes`, fewer only at the end.
    public func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
        do {
            return try file.read(at: offset, maximumBytes: maximumBytes)
        } catch {
            throw .corrupt("a stored blob cannot be read: \(error)")
        }
    }
}
