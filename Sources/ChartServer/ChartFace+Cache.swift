internal import Content
internal import HTTPServer

// What upstreams have to do with classic repositories.
extension ChartFace {
    /// What must be done before a repository is listed, and what a cache says of the list; the entries are the store's.
    ///
    /// A repository that its upstream does not have is listed all the same when there is one here.
    /// - Throws: what the cache throws, now or later.
    func listing(of namespace: ChartNamespace) throws(ContentError) -> Cached<Bool> {
        guard let cache else { return .here(true, .none) }
        do throws(ContentError) {
            guard let cached = try cache.cachedListing(of: namespace) else { return .here(true, .none) }
            guard case .later(let work) = cached else { return cached }
            return .later { [self] () throws(ContentError) in
                do throws(ContentError) { return try await work() } catch { return try local(namespace, after: error) }
            }
        } catch {
            let (isListed, note) = try local(namespace, after: error)
            return .here(isListed, note)
        }
    }

    /// The same for who may wait.
    func refreshListing(of namespace: ChartNamespace) async throws(ContentError) -> CacheNote {
        switch try listing(of: namespace) {
        case .here(_, let note): return note
        case .later(let work): return try await work().1
        }
    }

    /// There is nothing to say of what is here; the error when nothing is, or when it was another one.
    private func local(_ namespace: ChartNamespace, after error: ContentError) throws(ContentError) -> (
        Bool, CacheNote
    ) {
        guard case .nameUnknown = error, try charts.chartRepository(namespace) != nil else { throw error }
        return (true, .none)
    }

    /// Refuses an upload below a path that is a cache and takes none.
    ///
    /// The chart's name is known only at its end, so the path alone decides.
    func checkUpload(into namespace: ChartNamespace) throws(ContentError) {
        if let path = namespace.path { try cache?.checkPush(to: path) }
    }
}
