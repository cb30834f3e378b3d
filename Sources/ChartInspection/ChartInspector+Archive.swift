import ChartArchive
import Content
import OCIModel

/// A blob in memory, piece by piece.
struct FetchedBlob {
    private(set) var pieces: [[UInt8]] = []
    private var size: Int64 = 0

    mutating func append(_ piece: [UInt8], maximumBytes: Int64) throws(ContentError) {
        size += Int64(piece.count)
        guard size <= maximumBytes else { throw .tooLarge("the blob is larger than \(maximumBytes) bytes") }
        pieces.append(piece)
    }

    /// A source that gives the pieces once.
    var source: () throws -> [UInt8]? {
        var rest = pieces.makeIterator()
        return { rest.next() }
    }
}

extension ChartInspector {
    /// Fetches a blob of a chart.
    ///
    /// - Throws: what the end throws; `.tooLarge`.
    func fetch(
        _ blob: Descriptor, of chart: ResolvedChart, maximumBytes: Int64
    ) async throws(ContentError) -> FetchedBlob {
        guard blob.size <= maximumBytes else {
            throw .tooLarge("blob \(blob.digest) of \(chart.reference) is larger than \(maximumBytes) bytes")
        }
        var fetched = FetchedBlob()
        try await end.readBlob(blob.digest, in: chart.repository, from: 0) { piece throws(ContentError) in
            if Task.isCancelled { throw .unavailable("interrupted") }
            try fetched.append(piece, maximumBytes: maximumBytes)
        }
        return fetched
    }

    /// Fetches a chart's archive.
    ///
    /// - Throws: `.chartInvalid` when the manifest is no chart's.
    func archive(of chart: ResolvedChart) async throws(ContentError) -> FetchedBlob {
        let layers: ChartLayers
        do {
            layers = try ChartLayers(of: chart.manifest)
        } catch {
            throw .chartInvalid("\(chart.reference) is no chart that can be read: \(error)")
        }
        return try await fetch(layers.archive, of: chart, maximumBytes: ChartArchiveReader.maximumArchiveBytes)
    }

    /// The files of a chart.
    ///
    /// - Throws: `.chartInvalid`.
    func files(
        _ selection: ChartFiles.Selection, of chart: ResolvedChart
    ) async throws(ContentError) -> ChartFiles {
        let archive = try await archive(of: chart)
        return try ChartInspector.reading(chart) { () throws(ChartArchiveError) in
            try ChartFiles(selection, nextPiece: archive.source)
        }
    }

    /// Runs what reads an archive; its errors name the chart.
    static func reading<Value>(
        _ chart: ResolvedChart, _ work: () throws(ChartArchiveError) -> Value
    ) throws(ContentError) -> Value {
        do {
            return try work()
        } catch {
            throw .chartInvalid("\(chart.reference): \(error)")
        }
    }
}
