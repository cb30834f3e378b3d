public import Content
public import PullThrough

/// Where a mirror reads.
public enum MirrorSource: Sendable {
    /// A registry, a store or a layout.
    case artifacts(any TransferSource)
    /// A classic repository.
    case charts(any UpstreamCharts)
}

/// Where a mirror writes.
public enum MirrorDestination: Sendable {
    /// A registry, a store or a layout; `intake` takes archives as they are where the end makes artifacts of them itself.
    case artifacts(any TransferDestination, intake: (any ChartIntake)?)
    /// A classic repository that takes charts, and what it lists.
    case charts(any ChartIntake, listing: any UpstreamCharts)
}

/// Opens the ends of mirrors.
///
/// Safe to share. An end is opened once and used by all.
public protocol MirrorEnds: Sendable {
    /// What a place is read by.
    ///
    /// - Parameter isNamedByContent: whether a chart named it and nobody's configuration: then it must not lie nearer to
    ///   us than what named it may.
    /// - Throws: `.denied` for a place that may not be asked, `.parameterInvalid`, `.unavailable`.
    func source(_ place: MirrorPlace, isNamedByContent: Bool) async throws(ContentError) -> MirrorSource
    /// What a place is written by.
    ///
    /// - Throws: as `source`.
    func destination(_ place: MirrorPlace) async throws(ContentError) -> MirrorDestination
    /// Requests sent to a place so far; 0 for one that is asked nothing over the network.
    func requestCount(of place: MirrorPlace) -> Int64
    /// What a place may be asked: requests a second, nil for no limit.
    func requestRate(of place: MirrorPlace) -> Double?
}
