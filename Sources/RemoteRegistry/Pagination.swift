internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// The pagination layer: makes the page a caller wants of the pages a registry gives.
///
/// Registries differ: some ignore `n` or `last`, some give shorter pages than asked for. Links are followed until the
/// page is full; what does not come behind `last` is dropped; a link to another host, or a circle, is an error.
struct Pagination: Sendable {
    let transport: RegistryTransport

    /// The most one request asks for; longer pages are refused by many registries.
    private static let largestRequest = 1000
    private static let maximumPageBytes = 32 << 20
    private static let maximumRequests = 10_000

    /// Collects a page; `decode` gives the elements of one answer with the keys they sort by.
    func page<Element>(
        _ request: PageRequest<String>, of call: RegistryCall,
        _ decode: (JSONValue) throws(ContentError) -> [(Element, String)]
    ) async throws(ContentError) -> Page<Element> {
        let limit = max(0, request.limit)
        var call = call
        call.url = call.url.adding("n", String(min(max(limit, 1), Pagination.largestRequest)))
        if let last = request.last, !last.isEmpty { call.url = call.url.adding("last", last) }
        var found: [(element: Element, key: String)] = []
        var hasMore = false
        for count in 1... {
            let (elements, next) = try await fetch(call, decode)
            found += elements.filter { element in
                request.last.map { $0.utf8.lexicographicallyPrecedes(element.1.utf8) } ?? true
            }
            hasMore = next != nil
            guard let next, found.count < max(limit, 1) else { break }
            guard next != call.url, count < Pagination.maximumRequests else {
                throw .unavailable("\(transport.endpoint.name) gives pages of \(call.object) without end")
            }
            call.url = next
        }
        if !hasMore { found.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
        return Page(elements: found.prefix(limit).map(\.element), hasMore: hasMore || found.count > limit)
    }

    private func fetch<Element>(
        _ call: RegistryCall, _ decode: (JSONValue) throws(ContentError) -> [(Element, String)]
    ) async throws(ContentError) -> ([(Element, String)], HTTPURL?) {
        let (response, body) = try await transport.body(of: call, maximumBytes: Pagination.maximumPageBytes)
        let tree: JSONValue
        do {
            tree = try JSONValue(parsing: body)
        } catch {
            throw .unavailable("\(transport.endpoint.name) sent no JSON for \(call.object)")
        }
        let elements = try decode(tree)
        guard let link = Link.next(in: response.headers["Link"]) else { return (elements, nil) }
        let next = try transport.endpoint.following(link, from: call.url)
        guard next.origin == transport.endpoint.base.origin else {
            throw .unavailable(
                "\(transport.endpoint.name) continues \(call.object) on another host, which is not followed")
        }
        return (elements, next)
    }
}
