import BenchmarkSupport
import Codecs

/// A made-up chart as Helm pushes it: an archive that does not compress, a config and a manifest of about 1 kB.
package struct Chart: Sendable {
    package private(set) var repository: String
    package let tag: String
    /// The archive in two parts: one of its own, one that all charts share.
    package let layer: [[UInt8]]
    package let layerDigest: String
    package let config: [UInt8]
    package let configDigest: String
    package let manifest: [UInt8]
    package let manifestDigest: String

    /// A chart of an archive and a config; the manifest is made here.
    package init(repository: String, tag: String, layer: [[UInt8]], config: [UInt8]) {
        let name = repository.split(separator: "/").last ?? ""
        (self.repository, self.tag, self.layer, self.config) = (repository, tag, layer, config)
        (layerDigest, configDigest) = (digestText(layer), digestText([config]))
        manifest = Array(
            """
            {"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json",\
            "digest":"\(configDigest)","size":\(config.count)},"layers":[{"mediaType":\
            "application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"\(layerDigest)",\
            "size":\(layer.reduce(0) { $0 + $1.count })}],\
            "annotations":{"org.opencontainers.image.authors":"Nobody (nobody@example.org)",\
            "org.opencontainers.image.created":"2026-01-01T00:00:00Z","org.opencontainers.image.description":\
            "A chart to measure with, whose description is as long as one of those that people write for their own",\
            "org.opencontainers.image.source":"https://example.org/source/\(name)",\
            "org.opencontainers.image.title":"\(name)","org.opencontainers.image.url":"https://example.org/\(name)",\
            "org.opencontainers.image.version":"\(tag)"}}
            """.utf8)
        manifestDigest = digestText([manifest])
    }

    /// The same chart as a server has it that keeps it below a path.
    package func below(_ prefix: String) -> Chart {
        var chart = self
        chart.repository = "\(prefix)/\(repository)"
        return chart
    }
}

/// Makes charts, the same ones in every run.
package struct ChartMaker: Sendable {
    /// Repositories the charts are spread over.
    package static let repositories = 16

    private let filling: [UInt8]
    private let layerByteCount: Int

    package init(layerByteCount: Int) {
        self.layerByteCount = layerByteCount
        filling = randomBytes(layerByteCount - 32, seed: 1)
    }

    /// One chart; a number never gives the same blob as another.
    package func chart(_ number: Int) -> Chart {
        let name = "chart-\(number % ChartMaker.repositories)"
        let mark = "\(number)"
        let own = Array((mark + String(repeating: " ", count: 32 - mark.utf8.count)).utf8)
        let layer = [own, filling]
        let config = Array(
            """
            {"name":"\(name)","version":"1.0.\(number)","description":"A chart to measure with","type":"application",\
            "keywords":["measure","registry"],"home":"https://example.org/\(name)","appVersion":"2.\(number)",\
            "maintainers":[{"name":"Nobody","email":"nobody@example.org"}],"apiVersion":"v2"}
            """.utf8)
        return Chart(repository: "bench/\(name)", tag: "1.0.\(number)", layer: layer, config: config)
    }
}

/// The digest of parts, one after another, the whole repeated.
package func digestText(_ parts: [[UInt8]], repetitions: Int = 1) -> String {
    let hasher = ContentHasher(.sha256)
    for _ in 0..<repetitions {
        for part in parts { hasher.update(part.span) }
    }
    let digits = Array("0123456789abcdef".utf8)
    return "sha256:"
        + String(decoding: hasher.finish().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
