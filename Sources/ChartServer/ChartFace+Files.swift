internal import Content
internal import FrontDoor
internal import HTTPServer
internal import OCIModel

extension ChartFace {
    /// An archive or its provenance, straight from the blob's file.
    ///
    /// Of one that is on its way, what has come is sent at once.
    func file(_ name: String, in namespace: ChartNamespace, _ request: any Request)
        throws(ContentError) -> Plan
    {
        let isProvenance = name.hasSuffix(".prov")
        let type = isProvenance ? "application/pgp-signature" : "application/gzip"
        if let cached = try cache?.cachedFile(named: name, in: namespace) {
            return try answer(cached) { found throws(ContentError) in
                try .blob(
                    found.blob, tag: found.digest?.description, type: type, cache: CacheControl.byName, for: request)
            }
        }
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
        return .respond(
            try .blob(
                charts.findBlob(digest, in: file.repository), tag: digest.description, type: type,
                cache: CacheControl.byName, for: request))
    }
}

extension ChartNamespace {
    /// The namespace in a sentence.
    var title: String { path.map { "repository \($0)" } ?? "the root repository" }
}
