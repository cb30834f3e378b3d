public import Archive
public import HelmModel
public import YAML

/// Why an archive is no chart.
public enum ChartArchiveError: Error, Sendable {
    /// The archive cannot be read or exceeds a limit; also when the source of its bytes fails.
    case archive(ArchiveError)
    /// An entry's path leads outside, is absolute, or has no top-level directory.
    case path(String, problem: String)
    /// An entry is a link or a device.
    case kind(String, problem: String)
    /// There is no `<directory>/Chart.yaml`.
    case noChart
    /// A file that may be there once is there twice.
    case duplicate(String)
    /// A file is malformed YAML.
    case yaml(file: String, YAMLError)
    /// The archive has more bytes than the limit.
    case archiveTooLarge(limit: Int64)
    /// The files that were asked for have more bytes together than the limit.
    case filesTooLarge(limit: Int64)
    /// The metadata breaks a rule of Helm's.
    case metadata(HelmParseError)
}

extension ChartArchiveError: CustomStringConvertible {
    /// One sentence without a final full stop.
    public var description: String {
        switch self {
        case .archive(let error): error.description
        case .path(let path, let problem): "entry \(ChartArchiveError.quote(path)) of the chart \(problem)"
        case .kind(let path, let problem): "entry \(ChartArchiveError.quote(path)) of the chart is \(problem)"
        case .noChart: "the archive is no chart: it has no <directory>/Chart.yaml"
        case .duplicate(let file): "the chart has more than one \(file)"
        case .yaml(let file, let error): "\(file), \(error)"
        case .archiveTooLarge(let limit): "the chart's archive is larger than \(limit) bytes"
        case .filesTooLarge(let limit): "the chart's files are larger than \(limit) bytes together"
        case .metadata(let error): error.description
        }
    }

    private static func quote(_ path: String) -> String {
        let shown = path.unicodeScalars.prefix(100).map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\"" ? "?" : Character(scalar)
        }
        return "\"" + String(shown) + "\""
    }
}
