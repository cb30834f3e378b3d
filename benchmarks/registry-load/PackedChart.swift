import BenchmarkSupport
import Codecs

/// A made-up chart that every client takes for a real one: an archive of some 50 kB, most of which does not compress.
package struct PackedChart: Sendable {
    package let name: String
    package let version: String
    package let archive: [UInt8]

    /// Packs a chart; the same name and version give the same bytes in every run, and none that another has.
    package init(name: String, version: String) {
        (self.name, self.version) = (name, version)
        let seed = "\(name) \(version)".utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
        var tar = TarWriter()
        let files: [(String, [UInt8])] = [
            ("Chart.yaml", Array(PackedChart.metadata(name, version).utf8)),
            ("values.yaml", Array("replicas: 1\nimage:\n  repository: registry.example.org/\(name)\n".utf8)),
            ("templates/deployment.yaml", Array(PackedChart.template.utf8)),
            ("files/content.bin", randomBytes(49_000, seed: seed)),
        ]
        for (path, content) in files { tar.add("\(name)/\(path)", content, modificationTime: 1_700_000_000) }
        tar.finish()
        var archive = GzipFrame.header
        Deflater().append(tar.bytes.span, to: &archive)
        self.archive = archive + GzipFrame.trailer(CRC32(of: tar.bytes.span))
    }

    package var fileName: String { "\(name)-\(version).tgz" }

    /// The chart as Helm pushes it below a path.
    package func pushed(below path: String) -> Chart {
        let config = """
            {"name":"\(name)","home":"https://example.org/\(name)","version":"\(version)",\
            "description":"A chart to measure with","apiVersion":"v2","appVersion":"2.0.0","type":"application"}
            """
        return Chart(repository: "\(path)/\(name)", tag: version, layer: [archive], config: Array(config.utf8))
    }

    /// Its lines in the index of a classic repository, whose archives lie beside it.
    package var indexEntry: String {
        """
          - apiVersion: v2
            appVersion: 2.0.0
            created: "2025-06-01T12:00:00Z"
            description: A chart to measure with
            digest: \(digestText([archive]).dropFirst(7))
            home: https://example.org/\(name)
            name: \(name)
            type: application
            urls:
            - \(fileName)
            version: \(version)

        """
    }

    private static func metadata(_ name: String, _ version: String) -> String {
        """
        apiVersion: v2
        appVersion: 2.0.0
        description: A chart to measure with
        home: https://example.org/\(name)
        name: \(name)
        type: application
        version: \(version)

        """
    }

    private static let template = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{ .Release.Name }}
        spec:
          replicas: {{ .Values.replicas }}

        """
}
