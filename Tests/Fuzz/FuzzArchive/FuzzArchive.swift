import Archive
import ChartArchive
import Content
import HelmModel
import OCIModel
import YAML

/// Feeds bytes to the archive reader and the chart reader; the first byte says as what.
///
/// `g`: as a gzip file. `t`: as a tar archive, which is wrapped. `c`: as the `Chart.yaml` of an archive. Anything else:
/// as a provenance file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let rest = Array(bytes.dropFirst())
    switch bytes.first {
    case UInt8(ascii: "g"): check(rest)
    case UInt8(ascii: "t"): check(gzipped(rest))
    case UInt8(ascii: "c"): check(gzipped(tar(rest)))
    default:
        _ = try? ChartProvenance(parsing: rest)
        examine(gzipped(tar(Array("name: x\nversion: 1.0.0\n".utf8))), provenance: rest)
    }
    return 0
}

private func check(_ archive: [UInt8]) {
    var limits = ArchiveLimits()
    limits.totalBytes = 1 << 20
    limits.entryBytes = 1 << 18
    limits.entries = 50
    do {
        var reader = try ArchiveReader(archive, limits: limits)
        var entries = 0
        var total = 0
        while let entry = try reader.nextEntry() {
            entries += 1
            precondition(entry.size >= 0 && entry.size <= limits.entryBytes)
            guard entries % 2 == 1 else { continue }
            var count = 0
            while let piece = try reader.nextPiece() { count += piece.count }
            precondition(count == entry.size)
            total += count
        }
        precondition(entries <= 50 && total <= 1 << 20)
    } catch {
        precondition(!error.description.isEmpty)
    }
    do {
        let chart = try ChartArchiveReader.read(archive, limits: limits)
        precondition(!chart.metadata.name.isEmpty && chart.metadata.semanticVersion != nil)
        precondition(chart.files.contains { $0.path.hasSuffix("Chart.yaml") })
        guard let again = try? ChartMetadata(configJSON: chart.metadata.configJSON) else {
            preconditionFailure("the config does not read back")
        }
        precondition(again == chart.metadata)
    } catch {
        precondition(!error.description.isEmpty)
    }
    checkFiles(archive, limits)
    examine(archive, provenance: archive)
}

private func checkFiles(_ archive: [UInt8], _ limits: ArchiveLimits) {
    do {
        let files = try ChartFiles(of: archive, limits: limits)
        let all =
            files.templates + files.crds + [files.values, files.schema, files.readme, files.lock].compactMap { $0 }
        precondition(all.reduce(0) { $0 + $1.bytes.count } <= limits.totalBytes)
        precondition(all.allSatisfy { !$0.path.hasPrefix("/") && !$0.path.split(separator: "/").contains("..") })
        if let values = files.values { _ = try? ChartYAML.tree(values.bytes, file: values.path) }
    } catch {
        precondition(!error.description.isEmpty)
    }
}

/// As an artifact of the repository `x`, whose provenance is some bytes.
private func examine(_ archive: [UInt8], provenance: [UInt8]) {
    // SHA-256 digests are held against the bytes, others are not.
    let digests = ["a", "b", "c"].map { "sha512:" + String(repeating: $0, count: 128) }
    let text = """
        {"schemaVersion": 2,
         "config": {"mediaType": "\(MediaType.helmConfig)", "digest": "\(digests[0])", "size": 2},
         "layers": [
         {"mediaType": "\(MediaType.helmChart)", "digest": "\(digests[1])", "size": \(archive.count)},
         {"mediaType": "\(MediaType.helmProvenance)", "digest": "\(digests[2])", "size": \(provenance.count)}]}
        """
    guard let manifest = try? Manifest(parsing: Array(text.utf8), contentType: .ociManifest),
        let repository = try? RepositoryName(parsing: "x")
    else { preconditionFailure("the manifest is none") }
    let examination = try? ChartExamination.examine(manifest: manifest, repository: repository) {
        digest throws(ContentError) in
        var rest: [UInt8]? = digest.description == digests[1] ? archive : provenance
        return { rest.take() }
    }
    switch examination {
    case .chart(let facts):
        precondition(facts.metadata.name.lowercased() == "x" && facts.size == archive.count)
    case .refused(let sentence): precondition(!sentence.isEmpty)
    case nil: preconditionFailure("bytes at hand cannot be read")
    }
}

/// One stored block of at most 65,535 bytes; libarchive does not look at the checksum.
private func gzipped(_ bytes: [UInt8]) -> [UInt8] {
    let block = bytes.prefix(65_535)
    let low = UInt8(block.count & 0xFF)
    let high = UInt8(block.count >> 8)
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1, low, high, ~low, ~high] + block + [UInt8](repeating: 0, count: 8)
}

private func tar(_ chart: [UInt8]) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
        for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    let size = String(chart.count, radix: 8)
    put("x/Chart.yaml", at: 0)
    put("0000644", at: 100)
    put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
    put("00000000000", at: 136)
    put("        0", at: 148)
    put("ustar", at: 257)
    put("00", at: 263)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\0", at: 148)
    return header + chart + [UInt8](repeating: 0, count: (512 - chart.count % 512) % 512 + 1024)
}
