internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import HelmModel
internal import RepositoryIndexing

extension ChartFace {
    /// `index.yaml`: JSON, which every Helm reads under that name, or YAML for who asks for nothing else.
    func index(
        of namespace: ChartNamespace, _ view: String?, isJSON: Bool, _ request: any Request
    ) throws(ContentError) -> Plan {
        let form = isJSON ? .json : try ChartFace.form(request)
        let selector: ChartSelector?
        if let view { selector = try views.selector(view) } else { selector = nil }
        let wanted = IndexRequest(
            namespace, selector: selector, form: form,
            isGzip: AcceptEncoding(parsing: request.header("Accept-Encoding")).acceptsGzip)
        switch try listing(of: namespace) {
        case .here(_, let note):
            do throws(ContentError) {
                if let ready = try indexes.ready(wanted) {
                    return .respond(ChartFace.answer(ready, wanted, request).noted(note))
                }
            } catch {
                guard case .nameUnknown = error else { throw error }
                return .respond(ChartFace.empty(form, request).noted(note))
            }
            return perform { [self] () throws(ContentError) in try await built(wanted, request).noted(note) }
        case .later(let refresh):
            return perform { [self] () throws(ContentError) in
                let note = try await refresh().1
                return try await built(wanted, request).noted(note)
            }
        }
    }

    private func built(_ wanted: IndexRequest, _ request: any Request) async throws(ContentError) -> Response {
        do throws(ContentError) {
            return ChartFace.answer(try await indexes.build(wanted), wanted, request)
        } catch {
            guard case .nameUnknown = error else { throw error }
            return ChartFace.empty(wanted.form, request)
        }
    }

    /// The index of a repository that never held a chart: it can be added before the first push.
    private static func empty(_ form: IndexRequest.Form, _ request: any Request) -> Response {
        let time = "0001-01-01T00:00:00Z"
        let bytes =
            switch form {
            case .json: ChartIndexText.head + ChartIndexText.tail(generated: time)
            case .yaml: ChartIndexText.yamlHead + ChartIndexText.yamlTail(generated: time, isEmpty: true)
            }
        return Response.tagged(bytes, type: mediaType(form), headers: [("Vary", varying)], for: request)
    }

    /// What the form of an index depends on.
    private static let varying = "Accept, Accept-Encoding"

    private static func mediaType(_ form: IndexRequest.Form) -> String {
        switch form {
        case .json: "application/json"
        case .yaml: "application/yaml"
        }
    }

    private static let yamlTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "application/vnd.yaml",
        "text/vnd.yaml",
    ]

    /// The form a client wants: `?format=`, else by `Accept`.
    ///
    /// YAML only when a type of it is named and JSON is wanted less.
    private static func form(_ request: any Request) throws(ContentError) -> IndexRequest.Form {
        if !request.rawQuery.isEmpty, let format = try request.queryItems().first("format") {
            switch format {
            case "json": return .json
            case "yaml": return .yaml
            default: throw .parameterInvalid("format is json or yaml")
            }
        }
        guard let value = request.header("Accept") else { return .json }
        let accept = AcceptHeader(parsing: value)
        let yaml = yamlTypes.map { accept.names($0) ? accept.quality(of: $0) : 0 }.max() ?? 0
        return yaml > accept.quality(of: "application/json") ? .yaml : .json
    }

    private static func answer(_ index: ServedIndex, _ wanted: IndexRequest, _ request: any Request)
        -> Response
    {
        let tag = EntityTag(index.entityTag)
        var headers: [(name: StaticString, value: String)] = [
            ("ETag", tag.fieldValue), ("Cache-Control", CacheControl.byName),
            ("Vary", varying),
        ]
        if let known = request.header("If-None-Match"), tag.matches(ifNoneMatch: known) {
            return Response(.notModified, headers: headers)
        }
        headers.append(("Content-Type", mediaType(wanted.form)))
        if wanted.isGzip { headers.append(("Content-Encoding", "gzip")) }
        switch index.body {
        case .bytes(let bytes): return Response(.ok, headers: headers, body: .bytes(bytes))
        case .file(let file): return Response(.ok, headers: headers, body: .slices(IndexBody(file)))
        }
    }
}

/// An index on its way into a response.
private final class IndexBody: SlicesBody {
    let slices: [FileSlice]
    private let file: IndexFile

    init(_ file: IndexFile) {
        self.file = file
        slices = file.parts.map { FileSlice(offset: $0.offset, length: $0.length) }
    }

    func takeDescriptor() -> Int32 { file.takeDescriptor() }
}
