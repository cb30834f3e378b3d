internal import ChartArchive
internal import ChartInspection
internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

/// What ChartMuseum tells of the inside of an archive.
extension ChartFace {
    /// `…/<version>/templates`: templates with their bytes as Base64, as Go writes them, and the default values.
    func templates(
        of name: String, _ version: String, in namespace: ChartNamespace, _ request: any Request
    ) throws(ContentError) -> Plan {
        let reference = try reference(of: name, version, in: namespace)
        return perform { [inspector] () throws(ContentError) in
            let templates = try await inspector.templates(reference)
            let values = try await inspector.values(reference)
            let json = JSONValue.object([
                (
                    "templates",
                    .array(
                        templates.templates.map { file in
                            .object([("name", .string(file.path)), ("data", .string(Base64.encode(file.bytes)))])
                        })
                ), ("values", try ChartFace.tree(values.values, of: reference)),
            ])
            return .tagged(json.text(), type: "application/json", for: request)
        }
    }

    /// `…/<version>/values`: `values.yaml` as it lies in the archive.
    func values(
        of name: String, _ version: String, in namespace: ChartNamespace, _ request: any Request
    ) throws(ContentError) -> Plan {
        let reference = try reference(of: name, version, in: namespace)
        return perform { [inspector] () throws(ContentError) in
            guard let file = try await inspector.values(reference).values else {
                throw .nameUnknown("values.yaml not found in chart \(OCIParseError.quote(name)) \(version)")
            }
            return .tagged(file.bytes, type: "application/yaml", for: request)
        }
    }

    private func reference(
        of name: String, _ version: String, in namespace: ChartNamespace
    ) throws(ContentError) -> Reference {
        guard let file = try charts.chartFile(of: name, version: version, in: namespace) else {
            throw .manifestUnknown(
                "there is no version \(OCIParseError.quote(version)) of chart \(OCIParseError.quote(name)) in "
                    + namespace.title)
        }
        return Reference(repository: file.repository, digest: file.manifest)
    }

    private static func tree(_ file: ArchivedFile?, of reference: Reference) throws(ContentError) -> JSONValue {
        guard let file else { return .object([]) }
        do {
            return try ChartYAML.tree(file.bytes, file: "\(reference): values.yaml")
        } catch {
            throw .chartInvalid("\(error)")
        }
    }
}
