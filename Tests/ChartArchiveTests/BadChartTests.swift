import Archive
import ChartArchive
import HelmModel
import TestSupport
import Testing

private let chartYAML = "apiVersion: v2\nname: x\nversion: 1.0.0\n"

/// An archive that nobody should take, and the sentence that says why.
struct BadChart: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sentence: String
    let bytes: @Sendable () -> [UInt8]
    let limits: ArchiveLimits

    init(
        _ name: String, _ sentence: String, limits: ArchiveLimits = BadChart.smallLimits,
        _ bytes: @escaping @Sendable () -> [UInt8]
    ) {
        testDescription = name
        self.sentence = sentence
        self.limits = limits
        self.bytes = bytes
    }

    static var smallLimits: ArchiveLimits {
        var limits = ArchiveLimits()
        limits.entries = 100
        limits.totalBytes = 64 << 20
        return limits
    }

    /// An archive made of a valid chart and what else is added.
    static func adding(
        _ name: String, _ sentence: String, _ add: @escaping @Sendable (inout TarBuilder) -> Void
    ) -> BadChart {
        BadChart(name, sentence) {
            var tar = TarBuilder()
            tar.add("x/Chart.yaml", chartYAML)
            add(&tar)
            return tar.gzipped
        }
    }

    /// An archive whose Chart.yaml is this.
    static func chart(_ name: String, _ sentence: String, _ yaml: @autoclosure @escaping @Sendable () -> [UInt8])
        -> BadChart
    {
        BadChart(name, sentence) {
            var tar = TarBuilder()
            tar.add("x/Chart.yaml", yaml())
            return tar.gzipped
        }
    }

    static func text(_ name: String, _ sentence: String, _ yaml: String) -> BadChart {
        chart(name, sentence, Array(yaml.utf8))
    }
}

private func aliasBomb() -> [UInt8] {
    var text = chartYAML + "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
        text += "l\(level): &l\(level) [" + repeatElement("*l\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
    }
    return Array(text.utf8)
}

private let badArchives: [BadChart] = [
    BadChart("nothing", "not a gzip-compressed archive") { [] },
    BadChart("not gzip", "not a gzip-compressed archive") { Array(chartYAML.utf8) },
    BadChart("not tar", "not a tar archive inside gzip") { Gzip.stored(Array(chartYAML.utf8)) },
    BadChart("truncated gzip", "the archive ends too early") {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", chartYAML)
        return Array(tar.gzipped.prefix(540))
    },
    BadChart("truncated tar", "the archive ends too early") {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", chartYAML)
        return Gzip.stored(Array(tar.bytes.prefix(530)))
    },
    BadChart("an empty tar", "the archive is no chart: it has no <directory>/Chart.yaml") { TarBuilder().gzipped },
    BadChart("no Chart.yaml", "the archive is no chart: it has no <directory>/Chart.yaml") {
        var tar = TarBuilder()
        tar.add("x/values.yaml", "a: 1\n")
        tar.add("x/charts/y/Chart.yaml", chartYAML)
        tar.add("x/chart.yaml", chartYAML)
        return tar.gzipped
    },
    BadChart("Chart.yaml without a directory", "entry \"Chart.yaml\" of the chart is not in a directory of the chart's")
    {
        var tar = TarBuilder()
        tar.add("Chart.yaml", chartYAML)
        return tar.gzipped
    },
    BadChart("Chart.yaml behind a dot", "the archive is no chart: it has no <directory>/Chart.yaml") {
        var tar = TarBuilder()
        tar.add("./x/Chart.yaml", chartYAML)
        return tar.gzipped
    },
    .adding("two Chart.yaml", "the chart has more than one Chart.yaml") { $0.add("x/Chart.yaml", chartYAML) },
    .adding("two charts", "the chart has more than one Chart.yaml") { $0.add("y/Chart.yaml", chartYAML) },
    .adding("two spellings", "the chart has more than one Chart.yaml") { $0.add("x/.//Chart.yaml", chartYAML) },
    .adding("two requirements", "the chart has more than one requirements.yaml") {
        $0.add("x/requirements.yaml", "")
        $0.add("x/requirements.yaml", "")
    },
    .adding("an absolute path", "entry \"/etc/passwd\" of the chart is an absolute path") { $0.add("/etc/passwd") },
    .adding("an absolute directory", "entry \"/etc/\" of the chart is an absolute path") { $0.add("/etc/", type: "5") },
    .adding("an absolute path inside", "entry \"x//etc\" of the chart is an absolute path") { $0.add("x//etc") },
    .adding("a drive", "entry \"c:\\x\" of the chart is an absolute path") { $0.add("c:\\x") },
    .adding("a drive inside", "entry \"x/c:/y\" of the chart is an absolute path") { $0.add("x/c:/y") },
    .adding("a way out", "entry \"x/../y\" of the chart leads to a parent directory") { $0.add("x/../y") },
    .adding("a way out behind a mark", "entry \"x/../\u{301}y\" of the chart leads to a parent directory") {
        $0.add("x/../\u{301}y")
    },
    .adding("a way out of Windows", "entry \"x\\..\\y\" of the chart leads to a parent directory") {
        $0.add("x\\..\\y")
    },
    .adding("a mixed way out", "entry \"x\\a/../y\" of the chart leads to a parent directory") { $0.add("x\\a/../y") },
    .adding("a file beside", "entry \"README.md\" of the chart is outside the chart's directory") {
        $0.add("README.md")
    },
    .adding("a symbolic link", "entry \"x/l\" of the chart is a symbolic link") { $0.add("x/l", type: "2", link: "/") },
    .adding("a hard link", "entry \"x/l\" of the chart is a hard link") {
        $0.add("x/l", type: "1", link: "x/Chart.yaml")
    },
    .adding("a device", "entry \"x/d\" of the chart is a device, a pipe or a socket") { $0.add("x/d", type: "3") },
    .adding("a pipe", "entry \"x/p\" of the chart is a device, a pipe or a socket") { $0.add("x/p", type: "6") },
    .adding("too many entries", "the archive has more than 100 entries") { tar in
        for number in 0..<100 { tar.add("x/\(number)") }
    },
    BadChart("more entries than any chart has", "the archive has more than 10000 entries", limits: ArchiveLimits()) {
        var tar = TarBuilder()
        tar.add("x/a")
        let entry = tar.bytes
        tar.addRaw(Array(repeatElement(entry, count: 10_000).joined()))
        return tar.gzipped
    },
    .adding("a large values.yaml", "entry \"x/values.yaml\" of the archive is larger than 33554432 bytes") {
        $0.add("x/values.yaml", size: 50 << 20)
    },
    BadChart("a large Chart.yaml", "entry \"x/Chart.yaml\" of the archive is larger than 1048576 bytes") {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", size: 2 << 20)
        return Gzip.bomb(tar.bytes, zeros: 2 << 20)
    },
    BadChart("a bomb", "the archive unpacks to more than 67108864 bytes") {
        var bytes: [UInt8] = []
        for number in 0..<3 {
            var tar = TarBuilder()
            tar.add("x/\(number)", size: 31 << 20)
            bytes += Gzip.stored(tar.bytes) + Gzip.zeros(31 << 20)
        }
        return bytes + Gzip.zeros(1024)
    },
]

private let badMetadata: [BadChart] = [
    .text("no name", "the chart has no name", "version: 1.0.0\n"),
    .text("a bad name", "the chart's name \"../x\" must not be a path", "name: ../x\nversion: 1.0.0\n"),
    .text("a bad version", "the chart's version \"one\" is not a semantic version", "name: x\nversion: one\n"),
    .text("a list", "Chart.yaml must be a mapping", "- name: x\n"),
    .text(
        "a null key", "Chart.yaml, line 2, column 1: a key must not be null, a collection, or a number beyond 64 bits",
        "name: x\n~: y\n"),
    .text(
        "a key twice", "Chart.yaml, line 4, column 1: key \"name\" is already set on line 2", chartYAML + "name: y\n"),
    .text(
        "a second document", "Chart.yaml, line 4, column 1: a second document begins here", chartYAML + "---\na: 1\n"),
    .text(
        "broken YAML", "Chart.yaml, line 2, column 1: while parsing a flow node: did not find expected node content",
        "name: [\n"),
    .chart("an alias bomb", "Chart.yaml, line 8, column 10: aliases expand to more than 10000 nodes", aliasBomb()),
    .chart(
        "invalid UTF-8", "Chart.yaml, line 4, column 15: not YAML text in UTF-8: invalid leading UTF-8 octet",
        Array((chartYAML + "description: a").utf8) + [0xFF]),
]

@Suite struct BadChartTests {
    private func sentence(_ bad: BadChart) -> String {
        do {
            return "read \(try ChartArchiveReader.read(bad.bytes(), limits: bad.limits).metadata.name)"
        } catch {
            return error.description
        }
    }

    @Test("Bad archives are refused in one sentence", arguments: badArchives)
    func archives(bad: BadChart) {
        #expect(sentence(bad) == bad.sentence)
    }

    @Test("Bad metadata is refused in one sentence", arguments: badMetadata)
    func metadata(bad: BadChart) {
        #expect(sentence(bad) == bad.sentence)
    }
}
