import Content
import OCIModel

extension Command {
    /// `chartroom repository`.
    static let repository = Command(
        name: "repository", summary: "List, show, delete and lock repositories",
        children: [.repositoryList, .repositoryShow, .repositoryDelete, .repositoryUpdate])
}

extension Command.Argument {
    static let repository = Command.Argument(
        name: "REPOSITORY",
        help: "The repository: charts/nginx for the local store, oci://host/charts/nginx for a server.")
}

extension Invocation {
    /// Writes one repository's attributes.
    func showRepository(_ name: RepositoryName, _ opened: Opened) async throws(CommandError) {
        let repository = try await contentWork { () async throws(ContentError) in try await opened.end.repository(name)
        }
        try show(
            json: Objects.repository(repository, registry: opened.name),
            table: Table.pairs([
                ("Registry", opened.name), ("Repository", name.description),
                ("Manifests", String(repository.manifestCount)), ("Tags", String(repository.tagCount)),
                ("Created", Objects.shortTime(repository.createdAt)),
                ("Updated", Objects.shortTime(repository.updatedAt)), ("Locked", Objects.lockText(repository.locks)),
            ]))
    }
}
