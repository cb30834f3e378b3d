internal import Glibc

/// Reads parts of an open file as if they were one, from the front to the back.
///
/// Unchecked: used on the connection's loop thread only.
final class SliceReader: @unchecked Sendable {
    /// The parts that are not empty.
    private let slices: [FileSlice]
    /// The sum of all lengths, in bytes.
    let length: Int64
    private var descriptor: Int32
    /// The part the last read ended in, and the bytes of all parts before it.
    private var current = 0
    private var before: Int64 = 0

    /// Takes the descriptor over; nil, and it does not, when a part has a negative offset or length or they are too long.
    init?(_ descriptor: Int32, _ slices: [FileSlice]) {
        var length: Int64 = 0
        for slice in slices {
            let (sum, overflows) = length.addingReportingOverflow(slice.length)
            let (_, endOverflows) = slice.offset.addingReportingOverflow(slice.length)
            guard slice.offset >= 0, slice.length >= 0, !overflows, !endOverflows else { return nil }
            length = sum
        }
        self.slices = slices.filter { $0.length > 0 }
        self.length = length
        self.descriptor = descriptor
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// The part when there is not more than one.
    var onlySlice: FileSlice? {
        if slices.isEmpty { return FileSlice(offset: 0, length: 0) }
        return slices.count == 1 ? slices[0] : nil
    }

    /// Gives up the descriptor, which the caller closes.
    func takeDescriptor() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }

    /// Whether the file is long enough for every part.
    var isWithinFile: Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return slices.allSatisfy { $0.offset + $0.length <= Int64(status.st_size) }
    }

    /// Fills the buffer from a position that is not before the last one; the count of bytes, -1 when the file fails.
    func read(at position: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count {
            let wanted = position + Int64(filled)
            while current < slices.count, wanted >= before + slices[current].length {
                before += slices[current].length
                current += 1
            }
            guard current < slices.count, wanted >= before else { return filled > 0 ? filled : -1 }
            let skipped = wanted - before
            let room = min(Int64(buffer.count - filled), slices[current].length - skipped)
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + filled }, Int(room),
                off_t(slices[current].offset + skipped))
            if count < 0, errno == EINTR { continue }
            // A file that ends too early: what was read is sent, and the next read ends the connection.
            guard count > 0 else { return filled > 0 ? filled : -1 }
            filled += count
        }
        return filled
    }
}
