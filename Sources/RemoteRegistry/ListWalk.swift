internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// Reads a list from its first page to its last.
///
/// Bounded in pages and bytes, whatever the registry does; a page that was read before, or one on another host, is an
/// error. No tree of a page is made.
struct ListWalk {
    private let transport: RegistryTransport
    private var call: RegistryCall
    private var asked: Set<HTTPURL> = []
    private var bytesLeft = 32 << 20
    private var emptyPages = 0
    private(set) var pageCount = 0
    /// Whether there is a page that was not read yet.
    private(set) var hasMore = true

    private static let maximumPages = 5000
    private static let maximumEmptyPages = 100
    private static let valuesPerElement = 1000

    init(_ call: RegistryCall, _ transport: RegistryTransport) {
        self.call = call
        self.transport = transport
    }

    /// The answer with the next page, whatever its status.
    mutating func ask() async throws(ContentError) -> HTTPClientResponse {
        guard asked.insert(call.url).inserted, pageCount < ListWalk.maximumPages else {
            throw .unavailable("\(transport.endpoint.name) gives pages of \(call.object) without end")
        }
        pageCount += 1
        // Names of pages are kept, so they count as what is kept.
        try spend(call.url.description.utf8.count)
        var bounded = call
        bounded.maximumResponseBytes = Int64(bytesLeft)
        let response = try await transport.send(bounded)
        call.headers.remove("If-None-Match")
        return response
    }

    /// Hands over the elements of a page, which lie under a name of its JSON object; `take` gives whether to go on.
    ///
    /// - Throws: `.unavailable` for what is no such object, `.tooLarge` beyond the bytes, what the status says.
    mutating func read(
        _ response: HTTPClientResponse, _ name: String, _ take: (JSONValue) -> Bool
    ) async throws(ContentError) {
        guard response.status.isSuccess else { throw await transport.failure(response).error(about: call.object) }
        let body = try await transport.collect(response, maximumBytes: bytesLeft)
        try spend(body.count)
        var isEmpty = true
        try ListWalk.elements(body, name, "\(transport.endpoint.name) sent for \(call.object)") { element in
            isEmpty = false
            return take(element)
        }
        emptyPages = isEmpty ? emptyPages + 1 : 0
        guard let link = Link.next(in: response.headers["Link"]) else {
            hasMore = false
            return
        }
        let next = try transport.endpoint.following(link, from: call.url)
        guard next.origin == transport.endpoint.base.origin else {
            throw .unavailable(
                "\(transport.endpoint.name) continues \(call.object) on another host, which is not followed")
        }
        guard emptyPages < ListWalk.maximumEmptyPages else {
            throw .unavailable("\(transport.endpoint.name) gives empty pages of \(call.object) without end")
        }
        call.url = next
    }

    private mutating func spend(_ count: Int) throws(ContentError) {
        guard count <= bytesLeft else {
            throw .tooLarge("\(transport.endpoint.name) lists more bytes of \(call.object) than are taken, 32 MiB")
        }
        bytesLeft -= count
    }

    /// The elements of the array under a name of an object; null stands for none, as some registries write it.
    ///
    /// An object without that name is refused: an error in a success must not pass for an empty list.
    static func elements(
        _ body: [UInt8], _ name: String, _ sender: String, _ take: (JSONValue) -> Bool
    ) throws(ContentError) {
        var isList = false
        var isOther = false
        do throws(OCIParseError) {
            try JSONWalk.walk(
                body, maximumValues: valuesPerElement,
                deciding: { path in
                    switch path.count {
                    case 0: return .enter
                    case 1:
                        guard path[0] == name else { return .skip }
                        isList = true
                        return .enter
                    default: return .take
                    }
                },
                { path, value in
                    guard path.count == 2, path[1] == nil else {
                        isOther = path.count != 1 || value != .null
                        return !isOther
                    }
                    return take(value)
                })
        } catch {
            throw .unavailable("\(sender) what is no JSON: \(error.description)")
        }
        guard isList, !isOther else { throw .unavailable("\(sender) what has no list of \(name)") }
    }
}
