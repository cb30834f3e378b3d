// ChartArchive: what a chart's `.tgz` says, read in one pass. The only code that opens a chart.
//
// Owns: the way from an archive's bytes to `ChartMetadata`, the rules for paths inside, and provenance files.
// Invariant: a chart that exists passed Helm's validation of its metadata, and its archive holds files and directories
// only, none of them outside. No I/O but the caller's source; nothing is unpacked to disk. Any thread.
// Compatibility: reads what Helm v4.3.0 loads, but refuses links and devices, any `..`, absolute paths, a second
// Chart.yaml, and YAML that Helm guesses at (duplicate keys, a second document). Subcharts, values and templates are
// not opened, so a chart that Helm refuses for one of those passes here.

public import HelmModel

/// What was read from a chart's archive.
public struct PackagedChart: Sendable {
    /// The chart's metadata, valid as Helm sees it.
    public let metadata: ChartMetadata
    /// The top-level directory that holds `Chart.yaml`; Helm does not ask that it is named like the chart.
    public let directory: String
    /// The newest modification time of all entries, in seconds since 1970; 0 when none is later.
    public let newestModificationTime: Int64
    /// The files in the archive's order.
    public let files: [PackagedFile]

    /// The newest time inside as RFC 3339 in UTC: the `created` of a deterministic manifest.
    public var created: String { UTCTime.text(secondsSince1970: newestModificationTime) }
}

/// A file of a chart's archive.
public struct PackagedFile: Sendable, Equatable {
    /// The path as written, top-level directory included.
    public let path: String
    /// The size in bytes.
    public let size: Int64
}
