import Codecs
import OCIModel
import TestSupport

/// An archive that is no chart, and a word of the sentence that says why.
struct BadArchive: Sendable {
    let what: String
    let says: String
    let bytes: [UInt8]

    private static let good = "apiVersion: v2\nname: bad\nversion: 1.0.0\n"

    private init(_ what: String, says: String, _ bytes: [UInt8]) {
        (self.what, self.says, self.bytes) = (what, says, bytes)
    }

    /// A chart with a good `Chart.yaml` and more.
    private init(_ what: String, says: String, _ add: (inout TarBuilder) -> Void) {
        var tar = TarBuilder()
        tar.add("bad/Chart.yaml", BadArchive.good)
        add(&tar)
        self.init(what, says: says, tar.gzipped)
    }

    /// A chart with this `Chart.yaml`.
    private init(_ what: String, says: String, yaml: [UInt8]) {
        var tar = TarBuilder()
        tar.add("bad/Chart.yaml", yaml)
        self.init(what, says: says, tar.gzipped)
    }

    private init(_ what: String, says: String, yaml: String) {
        self.init(what, says: says, yaml: Array(yaml.utf8))
    }

    /// All that either door must take for no chart.
    static func all() -> [BadArchive] { forms + texts + paths + sizes }

    private static let forms = [
        BadArchive("nothing", says: "gzip", []),
        BadArchive("no gzip", says: "gzip", Array("<html>404</html>".utf8)),
        BadArchive("no tar", says: "tar", Gzip.stored(Array("not a tar archive, but long enough\n".utf8))),
        BadArchive("a cut archive", says: "archive", Array(PackedChart("bad", "1.0.0").archive.dropLast(900))),
        BadArchive("no Chart.yaml", says: "Chart.yaml", TarBuilder.with("bad/values.yaml", "a: 1\n")),
        BadArchive("Chart.yaml outside a folder", says: "Chart.yaml", TarBuilder.with("Chart.yaml", good)),
        BadArchive("two Chart.yaml", says: "more than one Chart.yaml") { $0.add("bad/Chart.yaml", good) },
        BadArchive("two charts", says: "more than one Chart.yaml") { $0.add("other/Chart.yaml", good) },
    ]

    private static let texts = [
        BadArchive("no name", says: "name", yaml: "apiVersion: v2\nversion: 1.0.0\n"),
        BadArchive("a path as name", says: "name", yaml: "apiVersion: v2\nname: ../bad\nversion: 1.0.0\n"),
        BadArchive("blanks in a name", says: "name", yaml: "apiVersion: v2\nname: ba d\nversion: 1.0.0\n"),
        BadArchive("no version", says: "version", yaml: "apiVersion: v2\nname: bad\n"),
        BadArchive("a word as version", says: "version", yaml: "apiVersion: v2\nname: bad\nversion: newest\n"),
        BadArchive("no YAML", says: "Chart.yaml", yaml: "name: [bad\nversion: 1.0.0\n"),
        BadArchive("YAML that is a list", says: "Chart.yaml", yaml: "- name: bad\n- version: 1.0.0\n"),
        BadArchive("aliases that explode", says: "alias", yaml: good + bomb),
        BadArchive(
            "invalid UTF-8", says: "UTF-8", yaml: Array(good.utf8) + Array("description: ".utf8) + [0xFF, 0xFE, 10]),
    ]

    private static let paths = [
        BadArchive("an absolute path", says: "absolute path") { $0.add("/etc/passwd", "root") },
        BadArchive("a parent directory", says: "parent directory") { $0.add("bad/../../etc/passwd", "root") },
        BadArchive("a symbolic link", says: "symbolic link") {
            $0.add("bad/values.yaml", type: "2", link: "/etc/passwd")
        },
        BadArchive("a hard link", says: "hard link") { $0.add("bad/values.yaml", type: "1", link: "bad/Chart.yaml") },
        BadArchive("a device", says: "device") { $0.add("bad/null", type: "3") },
        BadArchive("a pipe", says: "pipe") { $0.add("bad/pipe", type: "6") },
    ]

    /// Small archives of much.
    private static let sizes: [BadArchive] = {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let lines = Array(String(repeating: "key: value\n", count: 1 << 16).utf8)
        var entries = TarBuilder()
        for number in 0..<1000 { entries.add("bad/templates/\(number)") }
        return [
            BadArchive("1,000,000 entries", says: "entries", packed(head(nil), entries.bytes, times: 1000)),
            BadArchive("a bomb of 2 GB", says: "larger", packed(head(("bad/bomb", 2 << 30)), zeros, times: 2048)),
            BadArchive(
                "50 MB of values", says: "values.yaml",
                packed(head(("bad/values.yaml", 72 * lines.count)), lines, times: 72)),
        ]
    }()

    /// Nine nines of nines.
    private static let bomb = (1...9).reduce("a0: &a0 [x, x, x, x, x, x, x, x, x]\n") { text, level in
        let nine = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
        return text + "a\(level): &a\(level) [\(nine)]\n"
    }

    private static func head(_ more: (path: String, size: Int)?) -> [UInt8] {
        var tar = TarBuilder()
        tar.add("bad/Chart.yaml", good)
        if let more { tar.add(more.path, size: more.size) }
        return tar.bytes
    }

    /// A file of one member; the piece is compressed once.
    private static func packed(_ head: [UInt8], _ piece: [UInt8], times: Int) -> [UInt8] {
        let deflater = Deflater(level: 9)
        var (first, next) = ([UInt8](), [UInt8]())
        deflater.append(head.span, to: &first)
        deflater.append(piece.span, to: &next)
        var checksum = CRC32(of: head.span)
        let one = CRC32(of: piece.span)
        var bytes = GzipFrame.header + first
        for _ in 0..<times {
            checksum.append(one)
            bytes += next
        }
        return bytes + GzipFrame.trailer(checksum)
    }
}

extension TarBuilder {
    /// An archive of one file.
    fileprivate static func with(_ path: String, _ text: String) -> [UInt8] {
        var tar = TarBuilder()
        tar.add(path, text)
        return tar.gzipped
    }
}
