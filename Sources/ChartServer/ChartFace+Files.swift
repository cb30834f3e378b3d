internal import Content
internal import FrontDoor
internal import HTTPServer
internal import OCIModel

extension ChartFace {
    /// An archive or its provenance, straight from the blob's file.
    func file(_ name: String, in namespace: ChartNamespace, _ request: any Request)
        throws(ContentError) -> Response
    {
        let isProvenance = name.hasSuffix(".prov")
        let archiveName = isProvenance ? String(name.dropLast(5)) : name
        guard let file = try charts.chartFile(named: archiveName, in: namespace) else {
            throw .manifestUnknown(
                "there is no chart \(OCIParseError.quote(archiveName)) in \(namespace.title)")
        }
        let digest: Digest
        if isProvenance {
            guard let provenance = file.provenance else {
                throw .blobUnknown(
                    "chart \(OCIParseError.quote(archiveName)) in \(namespace.title) has no provenance")
            }
            digest = provenance
        } else {
            digest = file.archive
        }
        // The name may come to mean other bytes, by `?force`.
        return try Response.blob(
            charts.findBlob(digest, in: file.repository), tag: digest.description,
            type: isProvenance ? "application/pgp-signature" : "application/gzip",
            cache: CacheControl.byName,
            for: request)
    }
}

extension ChartNamespace {
    /// The namespace in a sentence.
    var title: String { path.map { "repository \($0)" } ?? "the root repository" }
}
