internal import Content
internal import HTTPMessage
internal import OCIModel

extension ChartTarget {
    /// Reads a path as sent; nil when it is none of the classic world's.
    ///
    /// Each element is percent-decoded by itself. A namespace may hold the words of paths, so paths are read from their
    /// end: the last element `charts` with a legal rest behind it splits.
    /// - Throws: `.nameUnknown` when nothing can be there, `.nameInvalid` for a namespace that is none.
    init?(parsing rawPath: String, _ method: HTTPMethod) throws(ContentError) {
        switch rawPath {
        case "/index.yaml", "/index.json":
            self = .index(.root, view: nil, isJSON: rawPath.utf8.last == UInt8(ascii: "n"))
        case "/info": self = .program
        case "/health": self = .health
        case "/artifacthub-repo.yml": self = .artifactHub
        default:
            if rawPath.hasPrefix("/charts/") {
                self = try ChartTarget.classic(try ChartTarget.elements(rawPath))
            } else if rawPath.hasPrefix("/api/"), !rawPath.hasPrefix("/api/chart/") {
                self = try ChartTarget.museum(try ChartTarget.elements(rawPath), method)
            } else {
                return nil
            }
        }
    }

    /// The elements behind the first one, decoded.
    private static func elements(_ rawPath: String) throws(ContentError) -> ArraySlice<String> {
        var elements: [String] = []
        for part in rawPath.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            .dropFirst()
        {
            guard !part.isEmpty, let element = PercentEncoding.decode(part) else { throw nothing }
            elements.append(element)
        }
        return elements[...]
    }

    private static var nothing: ContentError { .nameUnknown("there is nothing at this path") }

    private static func namespace(_ elements: ArraySlice<String>) throws(ContentError)
        -> ChartNamespace
    {
        try ChartNamespace(parsing: elements.joined(separator: "/"))
    }

    // MARK: Repositories

    /// `<namespace>[/~<view>]/index.yaml` and `<namespace>[/~<view>]/charts/<file>`.
    private static func classic(_ elements: ArraySlice<String>) throws(ContentError) -> ChartTarget {
        guard let last = elements.last else { throw nothing }
        var place = elements.dropLast()
        var view: String?
        let isIndex = last == "index.yaml" || last == "index.json"
        if !isIndex {
            guard isFileName(last) else { throw nothing }
            // `/charts/<file>` is the root's, as its index names it.
            if place.isEmpty { return .file(.root, last) }
            guard place.popLast() == "charts" else { throw nothing }
        }
        if let element = place.last, element.utf8.first == UInt8(ascii: "~") {
            view = String(element.dropFirst())
            place = place.dropLast()
        }
        let namespace = try namespace(place)
        // A view chooses what is listed, not what is there.
        return isIndex
            ? .index(namespace, view: view, isJSON: last == "index.json") : .file(namespace, last)
    }

    private static func isFileName(_ text: String) -> Bool {
        (text.hasSuffix(".tgz") || text.hasSuffix(".tgz.prov")) && isName(text)
    }

    /// Whether a decoded element can name a chart, a version or a file.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 512
            && !text.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 || $0 == 0x7F }
    }

    // MARK: ChartMuseum's API

    private static func museum(
        _ elements: ArraySlice<String>, _ method: HTTPMethod
    ) throws(ContentError) -> ChartTarget {
        if elements.last == "prov", method == .post, let place = place(elements.dropLast()) {
            return .provenance(try namespace(place))
        }
        for position in elements.indices.reversed() where elements[position] == "charts" {
            guard let place = place(elements[..<position]) else { continue }
            if let target = tail(elements[(position + 1)...], try namespace(place)) { return target }
        }
        if elements.last == "prov", let place = place(elements.dropLast()) {
            return .provenance(try namespace(place))
        }
        throw nothing
    }

    /// The namespace in `[charts/<namespace>]`; nil when it is neither that nor nothing.
    private static func place(_ elements: ArraySlice<String>) -> ArraySlice<String>? {
        if elements.isEmpty { return elements }
        return elements.first == "charts" ? elements.dropFirst() : nil
    }

    /// What may stand behind `charts`; nil when this cannot.
    private static func tail(_ elements: ArraySlice<String>, _ namespace: ChartNamespace)
        -> ChartTarget?
    {
        let names = Array(elements)
        guard names.allSatisfy(isName) else { return nil }
        switch names.count {
        case 0: return .charts(namespace)
        case 1: return .chart(namespace, names[0])
        case 2: return .version(namespace, names[0], names[1])
        case 3 where names[2] == "templates": return .templates(namespace, names[0], names[1])
        case 3 where names[2] == "values": return .values(namespace, names[0], names[1])
        default: return nil
        }
    }
}
