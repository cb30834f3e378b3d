import BenchmarkSupport
import Codecs

/// Makes charts, the same ones in every run: metadata of about 1 kB an index entry, archives of about 18 kB, both as
/// large as those of Rancher's public repository.
struct ChartMaker: Sendable {
    /// A version to be made.
    struct Version: Sendable {
        var chart: Int
        /// From 0 up; those of one chart are in order.
        var number: Int
        /// Whether it is newer than all that were there from the beginning.
        var isAdded = false

        var text: String {
            isAdded ? "9.0.\(number)" : "\(1 + number / 50).\(number / 5 % 10).\(number % 5)"
        }
    }

    /// The files that all versions of a chart share, compressed.
    private struct Rest: Sendable {
        var piece: [UInt8]
        var checksum: CRC32
    }

    let scale: Scale
    private let rests: [Rest]

    init(_ scale: Scale) {
        self.scale = scale
        let deflater = Deflater()
        rests = (0..<scale.largeCharts + Scale.smallCharts).map { chart in
            var prose = Prose(seed: chart)
            var tar = TarWriter()
            for name in ["values.yaml", "templates/deployment.yaml", "templates/service.yaml"] {
                let text = prose.template(lines: 190)
                tar.add("\(ChartMaker.name(chart))/\(name)", Array(text.utf8), modificationTime: 1_600_000_000)
            }
            tar.finish()
            var piece: [UInt8] = []
            deflater.append(tar.bytes.span, to: &piece)
            return Rest(piece: piece, checksum: CRC32(of: tar.bytes.span))
        }
    }

    static func name(_ chart: Int) -> String {
        var prose = Prose(seed: chart)
        return "\(prose.noun())-\(prose.noun())-\(chart)"
    }

    /// The numbers of the charts of many and of few versions.
    var largeCharts: Range<Int> { 0..<scale.largeCharts }
    var smallCharts: Range<Int> { scale.largeCharts..<scale.largeCharts + Scale.smallCharts }

    /// What to load, all charts mixed; nil behind the last.
    func loaded(_ number: Int) -> Version? {
        guard number < scale.versions else { return nil }
        // A prime that divides no count of versions: it visits every version once.
        let place = number * 7919 % scale.versions
        let large = scale.largeCharts * Scale.largeVersions
        guard place < large else {
            let place = place - large
            return Version(
                chart: scale.largeCharts + place / Scale.smallVersions, number: place % Scale.smallVersions)
        }
        return Version(chart: place / Scale.largeVersions, number: place % Scale.largeVersions)
    }

    /// What to add later: a new version of one of the large charts, another with each number.
    func added(_ number: Int) -> Version {
        Version(chart: number * 37 % scale.largeCharts, number: number, isAdded: true)
    }

    /// The archive of a version.
    func archive(_ version: Version, _ deflater: Deflater) -> [UInt8] {
        let rest = rests[version.chart]
        var tar = TarWriter()
        let time = 1_600_000_000 + version.chart * 60 + (version.isAdded ? 1_000_000 : 0) + version.number * 3600
        tar.add(
            "\(ChartMaker.name(version.chart))/Chart.yaml", Array(ChartMaker.metadata(version).utf8),
            modificationTime: time)
        var archive = GzipFrame.header
        deflater.append(tar.bytes.span, to: &archive)
        archive += rest.piece
        var checksum = CRC32(of: tar.bytes.span)
        checksum.append(rest.checksum)
        return archive + GzipFrame.trailer(checksum)
    }

    private static func metadata(_ version: Version) -> String {
        var prose = Prose(seed: version.chart)
        let name = ChartMaker.name(version.chart)
        let app = "2.\(version.number / 3).\(version.number % 3)"
        return """
            annotations:
              category: \(prose.noun())
              images: |
                - name: \(name)
                  image: registry.example.org/\(prose.noun())/\(name):\(app)
                - name: \(prose.noun())-exporter
                  image: registry.example.org/\(prose.noun())/exporter:1.\(version.number / 7).0
              licenses: Apache-2.0
            apiVersion: v2
            appVersion: \(app)
            dependencies:
            - name: common
              repository: oci://registry.example.org/charts
              version: 2.x.x
            - condition: \(prose.noun()).enabled
              name: \(prose.noun())
              repository: https://charts.example.org/\(prose.noun())
              version: ~\(1 + version.number / 20).0
            description: A \(prose.words(15)).
            home: https://example.org/projects/\(name)
            icon: https://example.org/assets/logos/\(name).svg
            keywords:
            - \(prose.noun())
            - \(prose.noun())
            - \(prose.noun())
            kubeVersion: ">=1.23.0-0"
            maintainers:
            - email: \(prose.noun())@example.org
              name: The \(prose.noun()) team
            name: \(name)
            sources:
            - https://git.example.org/charts/\(name)
            type: application
            version: \(version.text)

            """
    }
}
