internal import Glibc

/// The three streams a process is born with.
///
/// Nothing is buffered.
public enum StandardStream: Int32, Sendable {
    /// Where questions are answered.
    case input = 0
    /// Where data goes.
    case output = 1
    /// Where talk goes.
    case error = 2

    /// Writes all of a text; resumes short writes and waits for a stream that does not block.
    ///
    /// - Throws: `SystemError`; its code is `EPIPE` when the reader left.
    public func write(_ text: String) throws(SystemError) {
        try write(Array(text.utf8))
    }

    /// Writes all bytes; as above.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBufferPointer { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return Glibc.write(rawValue, base + written, buffer.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var entry = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if errno != EINTR {
                throw SystemError(code: errno, call: "write", object: "standard \(self)")
            }
        }
    }

    /// Reads up to and with the next line feed, which is dropped; nil at the end.
    ///
    /// Blocks. Reads byte by byte, so nothing behind the line is lost; a line longer than `maximumBytes` is cut there.
    public func readLine(maximumBytes: Int = 4096) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < maximumBytes {
            let count = read(rawValue, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Whether a person sits at the other end (`isatty(3)`).
    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// The terminal's width in columns; nil when it is no terminal or does not say.
    public var columns: Int? {
        var size = winsize()
        guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

extension SystemError {
    /// Whether the reader at the other end of a pipe or connection left.
    public var isBrokenPipe: Bool { code == EPIPE }
    /// Whether the file's permissions forbid it.
    public var isPermissionDenied: Bool { code == EACCES || code == EPERM }
}
