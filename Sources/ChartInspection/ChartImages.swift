public import ChartArchive

/// The container images that a chart and its subcharts name, read conservatively: nothing is rendered.
///
/// Sources: the annotations `artifacthub.io/images`, `helm.sh/images` and `images`, `Images.lock`, the default values by
/// their usual shape, literal lines of templates. See decision 0018.
public struct ChartImages: Sendable, Equatable {
    /// The images, each once, by the bytes of their references.
    public let images: [ChartImage]
    /// How many places look like an image but do not say which: no tag, a malformed name.
    public let leftOut: Int
    /// What could not be read, each one sentence without a final full stop.
    public let problems: [String]

    /// The most images that are listed.
    public static let maximumCount = 10_000

    /// Finds the images of a chart from a source that gives the archive's next bytes on each call, and nil behind the
    /// last.
    ///
    /// One pass; memory as for `ChartTree`.
    /// - Throws: as `ChartTree`.
    public init(
        limits: ChartTree.Limits = ChartTree.Limits(), nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) {
        self.init(of: try ChartTree(limits: limits, nextPiece: nextPiece))
    }

    /// Finds the images of a chart.
    public init(of tree: ChartTree) {
        var finder = ImageFinder()
        finder.visit(tree, ImageScope(chart: tree.name))
        images = finder.images
        leftOut = finder.leftOut
        problems = finder.problems
    }
}
