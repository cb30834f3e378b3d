import ChartInspection
import ChartServer
import Content
import FrontDoor
import HTTPServer
import LocalRegistry
import MirrorServer
import Posix
import PullThrough
import RegistryServer
import RepositoryIndexing
import UpstreamServer

extension ServerAssembly {
    /// What the server is: first the face that is asked most.
    static func faces(
        _ configuration: Configuration, _ registry: Registry, _ cache: PullThroughCache,
        _ mirrors: (any MirrorControl)?, _ executor: ThreadPool
    ) throws(CommandError) -> [any Face] {
        var options = RegistryFaceOptions()
        options.maximumManifestBytes = configuration.manifestBytes
        options.maximumBlobBytes = Int64(configuration.blobBytes)
        if case .tcp = configuration.listen { options.hostName = ListenText.text(configuration.listen) }
        let inspector = ChartInspector(registry)
        // Without upstreams nobody need be asked before the store.
        let reads = configuration.upstreams.isEmpty ? nil : cache
        do {
            let indexes = try IndexService(
                reads: registry, directory: configuration.data + "/indexes", executor: executor)
            let mirrorFaces: [any Face] = mirrors.map { [MirrorFace($0)] } ?? []
            return mirrorFaces + [
                RegistryFace(registry, options, cache: reads), KnowledgeFace(registry, inspector: inspector),
                UpstreamFace(cache),
                try ChartFace(
                    registry, indexes: indexes, inspector: inspector, chartOptions(configuration), cache: reads),
            ]
        } catch {
            throw CommandError(error)
        }
    }

    private static func chartOptions(_ configuration: Configuration) -> ChartFaceOptions {
        var options = ChartFaceOptions()
        options.version = ProgramVersion.text
        for text in configuration.views {
            // The configuration was checked when it was read.
            guard let view = try? NamedView(text) else { continue }
            options.views[view.name] = view.selector
        }
        if let path = configuration.artifactHub {
            options.artifactHubFile = { () throws(ContentError) in
                do {
                    return try File.contents(of: path, maximumBytes: 1 << 20)
                } catch {
                    throw .internal("the configured artifacthub-repo.yml cannot be read: \(error)")
                }
            }
        }
        return options
    }
}
