internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import HelmModel
internal import OCIModel

extension ChartVersionKey {
    /// In front of every version of a chart: no version's key is greater.
    static func first(of name: String) -> ChartVersionKey {
        ChartVersionKey(name: name, order: [UInt8](repeating: 0xFF, count: 32))
    }

    /// Whether the version is no pre-release.
    var isRelease: Bool { order.count > 24 && order[24] == 0xFF }
}

/// The lists of ChartMuseum's API: ready fragments of the index, one behind the other.
extension ChartFace {
    /// `/api/…/charts`: all charts by name, or those of a page by `offset` and `limit`.
    ///
    /// Made on a worker, in memory, up to `maximumListBytes`.
    func list(_ namespace: ChartNamespace, _ request: any Request) throws(ContentError) -> Plan {
        let query = try request.queryItems()
        let offset = try ChartFace.number(
            query.first("offset"), atLeast: 0, "offset is not a valid non-negative integer")
        let limit = try ChartFace.number(
            query.first("limit"), atLeast: 1, "limit is not a valid positive integer")
        return perform { [self] () throws(ContentError) in
            let note = try await refreshListing(of: namespace)
            let body = try charts.withSnapshot { () throws(ContentError) in
                try listed(namespace, offset: offset ?? 0, limit: limit ?? .max)
            }
            return Response.tagged(body, type: "application/json", for: request).noted(note)
        }
    }

    private static func number(_ text: String?, atLeast least: Int, _ message: String)
        throws(ContentError) -> Int?
    {
        guard let text else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            number >= least
        else {
            throw .parameterInvalid(message)
        }
        return number
    }

    private func listed(_ namespace: ChartNamespace, offset: Int, limit: Int) throws(ContentError)
        -> [UInt8]
    {
        var list = ChartList(limit: limit, maximumBytes: options.maximumListBytes)
        if let last = try name(at: offset, in: namespace) {
            try charts.forEachEntry(in: namespace, from: .first(of: last), before: nil) { list.add($0) }
        }
        guard !list.isTooLong else {
            throw .tooLarge(
                "the list of \(namespace.title) is longer than \(options.maximumListBytes) bytes: ask for pages with "
                    + "?offset= and ?limit=, or for its index.yaml")
        }
        return list.finish()
    }

    /// The name of the chart so many places behind the first; nil when there are not so many.
    private func name(at offset: Int, in namespace: ChartNamespace) throws(ContentError) -> String? {
        let step = 1000
        var (left, last) = (offset, String?.none)
        while true {
            let page = try charts.chartNames(in: namespace, PageRequest(limit: step, last: last))
            if left < page.elements.count { return page.elements[left] }
            guard page.hasMore, let end = page.elements.last else { return nil }
            left -= page.elements.count
            last = end
        }
    }

    /// `/api/…/charts/<name>`: the versions of a chart, newest first.
    func versions(of name: String, in namespace: ChartNamespace, _ request: any Request) -> Plan {
        perform { [self] () throws(ContentError) in
            let note = try await refreshListing(of: namespace)
            var list = ChartList(limit: 1, maximumBytes: options.maximumListBytes)
            try charts.forEachEntry(in: namespace, from: .first(of: name), before: nil) { entry in
                entry.key.name == name && list.add(entry)
            }
            guard !list.isTooLong else {
                throw .tooLarge("chart \(name) has too many versions for one list")
            }
            guard let body = list.versions else { throw ChartFace.unknown(name, in: namespace) }
            return Response.tagged(body, type: "application/json", for: request).noted(note)
        }
    }

    /// `/api/…/charts/<name>/<version>`: one version; `latest` is the newest that is no pre-release.
    func entry(
        of name: String, _ version: String, in namespace: ChartNamespace, _ request: any Request
    ) -> Plan {
        perform { [self] () throws(ContentError) in
            let note = try await refreshListing(of: namespace)
            guard let entry = try found(name, version, in: namespace) else {
                throw version == "latest"
                    ? ChartFace.unknown(name, in: namespace)
                    : .manifestUnknown(
                        "there is no version \(OCIParseError.quote(version)) of chart \(OCIParseError.quote(name)) in "
                            + namespace.title)
            }
            return Response.tagged(entry.json, type: "application/json", for: request).noted(note)
        }
    }

    private func found(
        _ name: String, _ version: String, in namespace: ChartNamespace
    ) throws(ContentError) -> ChartEntry? {
        var found: ChartEntry?
        if version == "latest" {
            try charts.forEachEntry(in: namespace, from: .first(of: name), before: nil) { entry in
                guard entry.key.name == name else { return false }
                if found == nil || entry.key.isRelease { found = entry }
                return !entry.key.isRelease
            }
            return found
        }
        guard let order = SemanticVersion.listingOrder(ofVersion: version) else { return nil }
        let key = ChartVersionKey(name: name, order: order)
        try charts.forEachEntry(in: namespace, from: key, before: nil) { entry in
            if entry.key == key, entry.version == version { found = entry }
            return found == nil && entry.key == key
        }
        return found
    }

    private static func unknown(_ name: String, in namespace: ChartNamespace) -> ContentError {
        .manifestUnknown("there is no chart \(OCIParseError.quote(name)) in \(namespace.title)")
    }
}
