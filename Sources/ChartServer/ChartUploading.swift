internal import Content

/// An archive, and perhaps its provenance, on their way into a store.
struct ChartUploading: Sendable {
    let charts: any ChartIntake
    let namespace: ChartNamespace
    let isReplacing: Bool
    let maximumBytes: Int64
    private var upload: (any ChartUpload)?
    private var length: Int64 = 0
    private var provenance: [UInt8]?

    init(charts: any ChartIntake, namespace: ChartNamespace, isReplacing: Bool, maximumBytes: Int64) {
        self.charts = charts
        self.namespace = namespace
        self.isReplacing = isReplacing
        self.maximumBytes = maximumBytes
    }

    /// Opens the archive; more than one is an error.
    mutating func begin() async throws(ContentError) {
        guard upload == nil else {
            throw .parameterInvalid("the form holds two charts: send one at a time")
        }
        upload = try await charts.openChart(in: namespace)
    }

    /// Opens the archive when nothing of it came yet.
    mutating func open() async throws(ContentError) {
        if upload == nil { try await begin() }
    }

    mutating func append(_ bytes: [UInt8]) async throws(ContentError) {
        try await open()
        length += Int64(bytes.count)
        guard length <= maximumBytes else {
            throw .tooLarge("the chart is larger than \(maximumBytes) bytes")
        }
        try await upload?.append(bytes)
    }

    mutating func beginProvenance() throws(ContentError) {
        guard provenance == nil else {
            throw .parameterInvalid("the form holds two provenance files: send one")
        }
        provenance = []
    }

    mutating func appendProvenance(_ bytes: [UInt8]) throws(ContentError) {
        guard (provenance?.count ?? 0) + bytes.count <= ChartFace.maximumProvenanceBytes else {
            throw ChartFace.provenanceTooLarge
        }
        provenance?.append(contentsOf: bytes)
    }

    /// Stores what came; the upload is over whatever this throws.
    mutating func finish() async throws(ContentError) -> StoredChart {
        if let upload {
            self.upload = nil
            return try await upload.finish(provenance: provenance, replacing: isReplacing)
        }
        guard let provenance else {
            throw .parameterInvalid("no package or provenance file found in form fields chart and prov")
        }
        return try await charts.addProvenance(provenance, in: namespace, replacing: isReplacing)
    }

    mutating func abandon() async {
        let upload = upload
        self.upload = nil
        await upload?.abandon()
    }
}
