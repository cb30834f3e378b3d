import Content
import ImageLayout
import OCIModel
import PullThrough
import RemoteRegistry
import Sync
import Synchronization

/// The local store as an end of mirrors.
struct MirrorStore: Sendable {
    /// The store, or the server that holds it.
    var end: any TransferDestination
    /// Takes archives as they are; nil where only a server is at hand.
    var intake: (any ChartIntake)?
    /// Requests sent to it so far.
    var requestCount: @Sendable () -> Int64 = { 0 }

    init(end: any TransferDestination, intake: (any ChartIntake)?) {
        self.end = end
        self.intake = intake
    }

    /// What a command has opened.
    ///
    /// - Throws: `.unsupported` when it cannot be an end of a mirror.
    init(_ end: any RegistryEnd) throws(ContentError) {
        guard let destination = end as? any TransferDestination else {
            throw .unsupported("this store cannot be an end of a mirror")
        }
        self.init(end: destination, intake: end as? any ChartIntake)
        if let client = end as? RegistryClient { requestCount = { client.requestCount } }
    }
}

/// The ends of a mirror file: hosts, the local store, directories.
///
/// Each is opened once. Safe to share.
final class MirrorAssembly: MirrorEnds {
    private struct Layout: Hashable {
        var directory: String
        var isMade: Bool
    }

    private let clients: MirrorClients
    private let store: MirrorStore?
    private let layouts = Mutex<[Layout: LayoutDirectory]>([:])

    /// Contacts nobody; `store` must be there when a mirror names it.
    init(_ clients: MirrorClients, store: MirrorStore?) {
        self.clients = clients
        self.store = store
    }

    func source(_ place: MirrorPlace, isNamedByContent: Bool) async throws(ContentError) -> MirrorSource {
        switch place {
        case .registry(let authority, let isSecure, _):
            let client = try clients.registry(
                authority: authority, isSecure: isSecure && clients.isSecure(authority: authority),
                isNamedByContent: isNamedByContent)
            return .artifacts(client)
        case .charts(let url): return .charts(try await charts(url, isNamedByContent))
        case .store: return .artifacts(try opened().end)
        case .layout(let directory): return .artifacts(try layout(directory, isMade: false))
        }
    }

    func destination(_ place: MirrorPlace) async throws(ContentError) -> MirrorDestination {
        switch place {
        case .registry(let authority, let isSecure, _):
            let client = try clients.registry(authority: authority, isSecure: isSecure, isNamedByContent: false)
            return .artifacts(client, intake: nil)
        case .charts(let url):
            let listing = try await charts(url, false)
            return .charts(try await clients.museum(url: url), listing: listing)
        case .store:
            let store = try opened()
            return .artifacts(store.end, intake: store.intake)
        case .layout(let directory): return .artifacts(try layout(directory, isMade: true), intake: nil)
        }
    }

    func requestCount(of place: MirrorPlace) -> Int64 {
        if case .store = place { return store?.requestCount() ?? 0 }
        return clients.requestCount(of: place)
    }

    func requestRate(of place: MirrorPlace) -> Double? { clients.requestRate(of: place) }

    // MARK: Parts

    private func charts(_ url: String, _ isNamedByContent: Bool) async throws(ContentError) -> ChartRepositoryUpstream {
        let client = try await clients.charts(url: url, isNamedByContent: isNamedByContent)
        return ChartRepositoryUpstream(client) { [clients] authority throws(ContentError) in
            // Only the index names it.
            try clients.registry(
                authority: authority, isSecure: clients.isSecure(authority: authority), isNamedByContent: true)
        }
    }

    private func opened() throws(ContentError) -> MirrorStore {
        guard let store else { throw .internal("the local store was not opened for this mirror") }
        return store
    }

    private func layout(_ directory: String, isMade: Bool) throws(ContentError) -> LayoutDirectory {
        try layouts.withLock { layouts throws(ContentError) in
            let key = Layout(directory: directory, isMade: isMade)
            if let known = layouts[key] { return known }
            let layout = try LayoutDirectory(at: directory, isMade: isMade)
            layouts[key] = layout
            return layout
        }
    }
}
