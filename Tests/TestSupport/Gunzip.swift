import Glibc
import Posix

/// Reads gzip files with tools that we did not write.
public enum Gunzip {
    /// What went wrong.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The content, by the system's `gunzip`, which must agree that nothing is left over.
    public static func bytes(of file: [UInt8]) throws -> [UInt8] {
        let directory = try ScratchDirectory(below: "/dev/shm")
        let path = directory.path + "/file.gz"
        try write(file, to: path)
        // Without `-f` gunzip stops at what is no further member, and warns with status 2.
        guard system("gunzip -c '\(path)' > '\(directory.path)/file' 2> '\(directory.path)/messages'") == 0 else {
            throw Failure(
                description: "gunzip: " + String(decoding: try read(directory.path + "/messages"), as: UTF8.self))
        }
        return try read(directory.path + "/file")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "wb") else { throw Failure(description: "cannot make \(path)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw Failure(description: "cannot write \(path)")
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw Failure(description: "cannot open \(path)") }
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
