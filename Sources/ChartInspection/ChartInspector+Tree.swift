public import ChartArchive
public import Content
public import OCIModel

extension ChartInspector {
    /// A chart with the charts in its `charts/`: what `ChartImages` and `ChartRequirement` are read from.
    ///
    /// - Throws: as `resolve`; `.chartInvalid` when the archive cannot be read or exceeds the limits.
    public func tree(_ reference: Reference) async throws(ContentError) -> ChartTree {
        let chart = try await resolve(reference)
        let archive = try await archive(of: chart)
        return try ChartInspector.reading(chart) { () throws(ChartArchiveError) in
            try ChartTree(nextPiece: archive.source)
        }
    }
}
