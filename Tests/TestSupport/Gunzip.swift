import CZlib
import Glibc
import Posix

/// Reads gzip files with tools that we did not write.
public enum Gunzip {
    /// What went wrong.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(_ description: String) {
            self.description = description
        }
    }

    /// The content, by the system's `gunzip`, which must agree that nothing is left over.
    public static func bytes(of file: [UInt8]) throws -> [UInt8] {
        let directory = try ScratchDirectory(below: "/dev/shm")
        let path = directory.path + "/file.gz"
        try write(file, to: path)
        // Without `-f` gunzip stops at what is no further member, and warns with status 2.
        guard system("gunzip -c '\(path)' > '\(directory.path)/file' 2> '\(directory.path)/messages'") == 0 else {
            throw Failure("gunzip: " + String(decoding: try read(directory.path + "/messages"), as: UTF8.self))
        }
        return try read(directory.path + "/file")
    }

    /// The content, by zlib told to accept one member and nothing behind it.
    public static func strict(_ file: [UInt8]) throws -> [UInt8] {
        var stream = z_stream()
        // 16 added to the window's bits: gzip and nothing else.
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure("inflateInit2")
        }
        defer { inflateEnd(&stream) }
        var input = file
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let code = input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while true {
                let (code, count) = buffer.withUnsafeMutableBufferPointer { buffer in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    return (inflate(&stream, Z_NO_FLUSH), buffer.count - Int(stream.avail_out))
                }
                output += buffer[..<count]
                if code != Z_OK { return code }
            }
        }
        guard code == Z_STREAM_END, stream.avail_in == 0 else {
            throw Failure("inflate: code \(code), \(stream.avail_in) bytes left over")
        }
        return output
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "wb") else { throw Failure("cannot make \(path)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw Failure("cannot write \(path)")
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw Failure("cannot open \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
