import ChartRepository
import HelmModel
import OCIModel

/// Feeds any bytes to the reader of indexes and checks that what it accepts keeps the promises of the door.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    var limits = RepositoryIndexLimits()
    limits.bytes = 1 << 20
    limits.entries = 50
    limits.valuesPerEntry = 500
    do {
        check(try RepositoryIndex(parsing: bytes, limits), limits)
    } catch {
        precondition(!error.description.isEmpty && error.description.utf8.count < 2000)
    }
    return 0
}

private func check(_ index: RepositoryIndex, _ limits: RepositoryIndexLimits) {
    precondition(!index.apiVersion.isEmpty && index.charts.count <= limits.entries)
    precondition(index.charts.reduce(0) { $0 + $1.versions.count } == index.versionCount)
    precondition(index.versionCount + index.droppedCount <= 2 * limits.entries)
    for (left, right) in zip(index.charts, index.charts.dropFirst()) {
        precondition(left.name.utf8.lexicographicallyPrecedes(right.name.utf8))
    }
    for chart in index.charts {
        for (newer, older) in zip(chart.versions, chart.versions.dropFirst()) {
            precondition(older.listingOrder.lexicographicallyPrecedes(newer.listingOrder))
        }
        for entry in chart.versions {
            guard let metadata = try? entry.metadata() else { preconditionFailure("the metadata does not read back") }
            precondition(metadata.name == entry.name && metadata.version == entry.version)
            precondition(metadata.isDeprecated == entry.isDeprecated)
            precondition(entry.created.isEmpty || UTCTime.seconds(rfc3339: entry.created) != nil)
        }
    }
}
