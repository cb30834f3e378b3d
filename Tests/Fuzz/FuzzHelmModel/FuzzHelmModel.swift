import HelmModel
import OCIModel

/// Feeds any bytes to the readers of metadata and versions and checks that what they accept survives being written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let tree = try? JSONValue(parsing: bytes), let chart = try? ChartMetadata(chart: tree) { check(chart) }
    if let chart = try? ChartMetadata(configJSON: bytes) { check(chart) }
    let text = String(decoding: bytes, as: UTF8.self)
    if let version = try? SemanticVersion(parsing: text) {
        precondition(version.description == text)
        precondition((try? SemanticVersion(lenient: text)) == version)
    }
    if let version = try? SemanticVersion(lenient: text) {
        precondition((try? SemanticVersion(parsing: version.description)) == version)
        precondition(!(version < version))
    }
    if let tag = try? Tag(chartVersion: text) {
        precondition((try? Tag(chartVersion: tag.chartVersion)) == tag)
    }
    if size >= 8 {
        let seconds = bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        precondition(UTCTime.text(secondsSince1970: seconds).utf8.count == 20)
    }
    return 0
}

private func check(_ chart: ChartMetadata) {
    let config = chart.configJSON
    guard let again = try? ChartMetadata(configJSON: config) else {
        preconditionFailure("the config does not read back")
    }
    precondition(again == chart && again.configJSON == config)
    guard let digest = Digest(.sha256, hash: [UInt8](repeating: 1, count: 32)) else { return }
    let descriptor = Descriptor(mediaType: .helmConfig, digest: digest, size: Int64(config.count))
    let manifest = ChartManifest.make(metadata: chart, config: descriptor, layers: [descriptor], created: nil)
    guard let parsed = try? Manifest(parsing: manifest, contentType: .ociManifest) else {
        preconditionFailure("the manifest does not read back")
    }
    precondition(parsed.annotations["org.opencontainers.image.title"] != nil || chart.name.allSatisfy(\.isWhitespace))
}
