/// Writes tar archives of plain files, as POSIX.1-1988 has them.
package struct TarWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends a file.
    package mutating func add(_ path: String, _ content: [UInt8], modificationTime: Int) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8))
        }
        put(path, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(TarWriter.octal(content.count, 11), at: 124)
        put(TarWriter.octal(modificationTime, 11), at: 136)
        put("        0", at: 148)
        put("ustar", at: 257)
        put("00", at: 263)
        // The checksum is that of a header in which it is eight blanks.
        put(TarWriter.octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
        bytes += header
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// Appends the end.
    package mutating func finish() { bytes += [UInt8](repeating: 0, count: 1024) }

    private static func octal(_ number: Int, _ digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
