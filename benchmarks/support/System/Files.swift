import Glibc

/// The text of a file; small ones only.
package func readText(_ path: String) throws(BenchmarkFailure) -> String {
    String(decoding: try readFile(path), as: UTF8.self)
}

/// The bytes of a file.
package func readFile(_ path: String) throws(BenchmarkFailure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw BenchmarkFailure(call: "open", on: path) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    while true {
        let piece = [UInt8](unsafeUninitializedCapacity: 65_536) { room, count in
            count = max(0, read(descriptor, room.baseAddress, room.count))
        }
        if piece.isEmpty { return content }
        content += piece
    }
}

/// Writes a file, readable by everyone: nginx may serve it as another user.
package func writeFile(_ path: String, _ parts: [[UInt8]]) throws(BenchmarkFailure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw BenchmarkFailure(call: "create", on: path) }
    defer { close(descriptor) }
    for part in parts {
        var written = 0
        while written < part.count {
            let count = part.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            guard count > 0 else { throw BenchmarkFailure(call: "write", on: path) }
            written += count
        }
    }
}

/// Writes a text file.
package func writeText(_ path: String, _ text: String) throws(BenchmarkFailure) {
    try writeFile(path, [Array(text.utf8)])
}

/// Makes a directory and those above it.
package func makeDirectory(_ path: String) throws(BenchmarkFailure) {
    var made = ""
    for name in path.split(separator: "/") {
        made += "/" + name
        guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw BenchmarkFailure(call: "make", on: made) }
    }
}

/// A temporary directory of this run, which goes with everything in it when the run ends.
///
/// Nothing is deleted before: creating many files right after deleting many is slow on ext4.
package struct Scratch: Sendable {
    package let path: String

    /// Makes it.
    package init(below parent: String, program: String) throws(BenchmarkFailure) {
        var template = Array("\(parent)/\(program)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchmarkFailure(call: "make a directory in", on: parent) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard chmod(path, 0o755) == 0 else { throw BenchmarkFailure(call: "open up", on: path) }
        // Where files were deleted less than five minutes ago, by an earlier run for one, ext4 takes up to a hundred
        // times as long to create new ones. This flag makes it spread the directories in here over the whole disk.
        _ = try? Child.output(of: ["chattr", "+T", path], in: path)
    }

    /// A new directory for one purpose.
    package func directory(_ name: String) throws(BenchmarkFailure) -> String {
        try makeDirectory("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    package func remove() {
        _ = try? Child(["rm", "-rf", path], output: "/dev/null").wait(milliseconds: 300_000)
    }
}
