import Archive
import ChartArchive
import Content
import OCIModel

/// A blob that can be read again and again: in memory, or open where it lies.
enum FetchedBlob {
    case pieces([[UInt8]])
    case open(any OpenBlob)

    /// A source that gives the bytes once.
    var source: () throws -> [UInt8]? {
        switch self {
        case .pieces(let pieces):
            var rest = pieces.makeIterator()
            return { rest.next() }
        case .open(let blob):
            var offset: Int64 = 0
            return {
                let piece = try blob.read(at: offset, maximumBytes: 256 << 10)
                offset += Int64(piece.count)
                return piece.isEmpty ? nil : piece
            }
        }
    }
}

extension ChartInspector {
    /// Fetches a blob of a chart into memory, or opens it when the end has it at hand.
    ///
    /// - Throws: what the end throws; `.tooLarge`.
    func fetch(
        _ blob: Descriptor, of chart: ResolvedChart, maximumBytes: Int64
    ) async throws(ContentError) -> FetchedBlob {
        guard blob.size <= maximumBytes else {
            throw .tooLarge("blob \(blob.digest) of \(chart.reference) is larger than \(maximumBytes) bytes")
        }
        if let reads = end as? any LocalReads { return .open(try reads.findBlob(blob.digest, in: chart.repository)) }
        var pieces: [[UInt8]] = []
        var size: Int64 = 0
        try await end.readBlob(blob.digest, in: chart.repository, from: 0) { piece throws(ContentError) in
            if Task.isCancelled { throw .unavailable("interrupted") }
            size += Int64(piece.count)
            guard size <= maximumBytes else {
                throw .tooLarge("blob \(blob.digest) of \(chart.reference) is larger than \(maximumBytes) bytes")
            }
            pieces.append(piece)
        }
        return .pieces(pieces)
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
            if case .archive(.source(let cause)) = error, let cause = cause as? ContentError { throw cause }
            throw .chartInvalid("\(chart.reference): \(error)")
        }
    }
}
