public import OCIModel

/// A container image that a chart seems to use.
public struct ChartImage: Sendable, Equatable {
    /// Its name with a host, and a tag or a digest or both.
    public let reference: Reference
    /// How sure it is: that of the surest source.
    public let confidence: Confidence
    /// Where it was found, in the order of reading: the chart, then its subcharts.
    public let sources: [Source]
    /// What `Images.lock` says of its platforms, in the order of the file.
    public let digests: [PlatformDigest]

    /// Builds it.
    public init(reference: Reference, confidence: Confidence, sources: [Source], digests: [PlatformDigest] = []) {
        self.reference = reference
        self.confidence = confidence
        self.sources = sources
        self.digests = digests
    }

    /// How sure it is that a chart uses an image.
    public enum Confidence: Int, Sendable, Comparable, CaseIterable {
        /// It was read out of a template, or out of values that are switched off or of another shape.
        case low
        /// It was read out of the values, by their usual shape.
        case medium
        /// The chart lists it as an image.
        case high

        /// By how sure it is.
        public static func < (left: Confidence, right: Confidence) -> Bool { left.rawValue < right.rawValue }
    }

    /// One place that names it.
    public struct Source: Sendable, Equatable {
        /// The chart, with those that hold it in front: `web/charts/db`.
        public let chart: String
        /// `annotation images`, `Images.lock`, `values.yaml:12 web.image`, `templates/deploy.yaml:30`.
        public let place: String
        /// How sure this place is.
        public let confidence: Confidence
        /// What was assumed, one sentence without a final full stop; nil for nothing.
        public let note: String?
        /// The key to set for another image; nil where values cannot say it.
        public let key: ValuesKey?

        /// Builds it.
        public init(chart: String, place: String, confidence: Confidence, note: String?, key: ValuesKey?) {
            self.chart = chart
            self.place = place
            self.confidence = confidence
            self.note = note
            self.key = key
        }
    }

    /// A key of the values of the chart that was read, subcharts below their alias or name.
    public struct ValuesKey: Sendable, Hashable {
        /// The keys from the top.
        public let path: [String]
        /// What stands there.
        public let form: Form

        /// The shapes of an image in values.
        public enum Form: Sendable, Hashable {
            /// The whole reference as one text.
            case text
            /// A mapping with `repository`, and perhaps `registry` for the host.
            case parts(hasRegistry: Bool)
        }

        /// Builds it.
        public init(path: [String], form: Form) {
            self.path = path
            self.form = form
        }
    }

    /// The manifest of one platform.
    public struct PlatformDigest: Sendable, Hashable {
        /// As written, `linux/amd64`.
        public let platform: String
        /// The manifest.
        public let digest: Digest

        /// Builds it.
        public init(platform: String, digest: Digest) {
            self.platform = platform
            self.digest = digest
        }
    }
}
