internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension ChartFace {
    /// The largest provenance, in bytes: kept in memory until its chart is complete.
    static let maximumProvenanceBytes = 1 << 20

    /// `POST /api/…/charts`: an archive as the whole body, or a form with `chart` and `prov`.
    func upload(into namespace: ChartNamespace, _ request: any Request) throws(ContentError) -> Plan {
        try checkUpload(into: namespace)
        if let length = request.contentLength, length > options.maximumChartBytes + (2 << 20) {
            throw .tooLarge("the body has \(length) bytes, a chart may have \(options.maximumChartBytes)")
        }
        let intake = ChartUploading(
            charts: charts, namespace: namespace, isReplacing: try ChartFace.isForced(request),
            maximumBytes: options.maximumChartBytes)
        let body: ChartBody
        if let type = request.header("Content-Type"), MultipartBoundary.isForm(contentType: type) {
            guard let boundary = MultipartBoundary(contentType: type) else {
                throw .parameterInvalid("the Content-Type of the form names no boundary")
            }
            body = ChartBody(intake, form: MultipartParser(boundary)) { [self] in failure($0) }
        } else {
            body = ChartBody(intake, form: nil) { [self] in failure($0) }
        }
        // The face counts for itself: what is too large is told in its own form.
        return .stream(maximumBytes: .max, body)
    }

    /// `POST /api/…/prov`: provenance for a chart that is there.
    func addProvenance(to namespace: ChartNamespace, _ request: any Request) throws(ContentError)
        -> Plan
    {
        try checkUpload(into: namespace)
        if let length = request.contentLength, length > Int64(ChartFace.maximumProvenanceBytes) {
            throw ChartFace.provenanceTooLarge
        }
        let isForced = try ChartFace.isForced(request)
        return .receive(maximumBytes: ChartFace.maximumProvenanceBytes) { [self] bytes in
            do throws(ContentError) {
                return ChartFace.saved(
                    try await charts.addProvenance(bytes, in: namespace, replacing: isForced))
            } catch {
                return failure(error)
            }
        }
    }

    /// `DELETE /api/…/charts/<name>/<version>`.
    func remove(_ name: String, _ version: String, from namespace: ChartNamespace) -> Plan {
        perform { [charts] () throws(ContentError) in
            try await charts.removeChart(name, version: version, in: namespace)
            return Response.json(.ok, .object([("deleted", .bool(true))]))
        }
    }

    /// `?force` with any value or none, as ChartMuseum reads it.
    private static func isForced(_ request: any Request) throws(ContentError) -> Bool {
        try request.queryItems().first("force") != nil
    }

    static var provenanceTooLarge: ContentError {
        .tooLarge("the provenance is larger than \(maximumProvenanceBytes) bytes")
    }

    /// `{"saved":true}`; with `warnings` only where there are any, since clients compare the body.
    static func saved(_ chart: StoredChart) -> Response {
        var members: [(String, JSONValue)] = [("saved", .bool(true))]
        if !chart.warnings.isEmpty {
            members.append(("warnings", .array(chart.warnings.map { .string($0) })))
        }
        return .json(.created, .object(members))
    }
}
