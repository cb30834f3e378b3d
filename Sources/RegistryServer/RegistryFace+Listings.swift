internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension RegistryFace {
    /// How many elements a listing gives when the client does not say, and at the most.
    private static let usualPage = 1000
    private static let largestPage = 10_000
    private static let referrersPage = 500

    /// The page a client asks for by `n` and `last`.
    static func page(_ query: QueryItems, usual: Int = usualPage) throws(ContentError) -> PageRequest<String> {
        var limit = usual
        if let text = query.first("n") {
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .parameterInvalid("n=\(OCIParseError.quote(text)) is not a number of 0 or more")
            }
            limit = min(Int(text) ?? largestPage, largestPage)
        }
        return PageRequest(limit: limit, last: query.first("last"))
    }

    /// The digest a page of manifests follows; nil for the first page.
    static func lastDigest(_ wanted: PageRequest<String>) throws(ContentError) -> Digest? {
        guard let text = wanted.last, !text.isEmpty else { return nil }
        do { return try Digest(parsing: text) } catch { throw .digestInvalid("last: \(error.description)") }
    }

    /// `Link` to the page behind `last`.
    static func next(_ path: String, _ limit: Int, last: String, _ more: String = "") -> (
        name: StaticString, value: String
    ) {
        ("Link", Link.next("\(path)?n=\(limit)&last=\(PercentEncoding.encodeQueryValue(last))\(more)"))
    }

    func catalog(_ request: any Request) throws(ContentError) -> Response {
        let wanted = try RegistryFace.page(try request.queryItems())
        let page = try registry.repositoryPage(wanted)
        var headers: [(name: StaticString, value: String)] = []
        if page.hasMore, let last = page.elements.last {
            headers.append(RegistryFace.next("/v2/_catalog", wanted.limit, last: last.description))
        }
        return listing(
            .object([("repositories", .array(page.elements.map { .string($0.description) }))]), headers, request)
    }

    /// end-8.
    func tags(in place: RegistryPlace, _ request: any Request) throws(ContentError) -> Plan {
        let wanted = try RegistryFace.page(try request.queryItems())
        if let cached = try cache?.cachedTags(in: place.repository, wanted) {
            return try answer(cached) { [self] page throws(ContentError) in tagList(page, wanted, place, request) }
        }
        return .respond(tagList(try registry.tagPage(in: place.repository, wanted), wanted, place, request))
    }

    private func tagList(
        _ page: Page<Tag>, _ wanted: PageRequest<String>, _ place: RegistryPlace, _ request: any Request
    ) -> Response {
        var headers: [(name: StaticString, value: String)] = []
        if page.hasMore, let last = page.elements.last {
            headers.append(
                RegistryFace.next(
                    "/v2/\(place.asked)/tags/list", wanted.limit, last: last.description, place.query))
        }
        return place.marked(
            listing(
                .object([
                    ("name", .string(place.asked.description)),
                    ("tags", .array(page.elements.map { .string($0.description) })),
                ]), headers, request))
    }

    /// end-12: always an image index, empty when nothing refers to the digest.
    func referrers(of subject: Digest, in place: RegistryPlace, _ request: any Request) throws(ContentError) -> Plan {
        let query = try request.queryItems()
        let wanted = try RegistryFace.page(query, usual: RegistryFace.referrersPage)
        let type = query.first("artifactType").flatMap { $0.isEmpty ? nil : $0 }
        let last = try RegistryFace.lastDigest(wanted)
        let limit = min(wanted.limit, RegistryFace.referrersPage)
        let pageWanted = PageRequest(limit: limit, last: last)
        let path = "/v2/\(place.asked)/referrers/\(subject)"
        if let cached = try cache?.cachedReferrers(
            of: subject, in: place.repository, artifactType: type, pageWanted)
        {
            return try answer(cached) { [self] page throws(ContentError) in
                place.marked(referrerList(page, type, path, limit, place.query, request))
            }
        }
        let page = try registry.referrerPage(of: subject, in: place.repository, artifactType: type, pageWanted)
        return .respond(place.marked(referrerList(page, type, path, limit, place.query, request)))
    }

    private func referrerList(
        _ page: Page<Descriptor>, _ type: String?, _ path: String, _ limit: Int, _ query: String,
        _ request: any Request
    ) -> Response {
        var headers: [(name: StaticString, value: String)] = []
        if type != nil { headers.append(("OCI-Filters-Applied", "artifactType")) }
        if page.hasMore, let last = page.elements.last {
            let more = type.map { "&artifactType=" + PercentEncoding.encodeQueryValue($0) } ?? ""
            headers.append(RegistryFace.next(path, limit, last: last.digest.description, more + query))
        }
        return listing(
            .object([
                ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
                ("manifests", .array(page.elements.map(\.json))),
            ]), headers, request, type: MediaType.ociIndex.description)
    }

    /// A listing with an entity tag made from its bytes, or 304 when the client has them.
    func listing(
        _ value: JSONValue, _ extra: [(name: StaticString, value: String)], _ request: any Request,
        type: String = "application/json"
    ) -> Response {
        .tagged(value.text(), type: type, headers: extra, for: request)
    }
}
