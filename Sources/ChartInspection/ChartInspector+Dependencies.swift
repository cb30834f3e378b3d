import ChartArchive
public import Content
import HelmModel
public import OCIModel

extension ChartInspector {
    /// The most dependencies that are looked for; of those behind nothing is said to be found.
    private static let maximumLookups = 100

    /// What a chart depends on.
    ///
    /// Each is looked for in the namespace of the chart, with one listing of tags.
    /// - Throws: as `resolve`; `.chartInvalid` when the archive cannot be read.
    public func dependencies(_ reference: Reference) async throws(ContentError) -> ChartDependencies {
        let chart = try await resolve(reference)
        let archive = try await archive(of: chart)
        let (metadata, files) = try ChartInspector.reading(chart) { () throws(ChartArchiveError) in
            (
                try ChartArchiveReader.read(nextPiece: archive.source).metadata,
                try ChartFiles(.lock, nextPiece: archive.source)
            )
        }
        var lock: ChartLock?
        var problem: String?
        do throws(ChartArchiveError) {
            lock = try files.lock.map { file throws(ChartArchiveError) in try ChartLock(file, of: metadata) }
        } catch {
            problem = error.description
        }
        var dependencies: [ChartDependencies.Dependency] = []
        var chosen = lock?.entries ?? []
        for (position, declared) in metadata.dependencies.enumerated() {
            // A chart may be there under several aliases: each takes the next of its name.
            let entry = chosen.firstIndex { $0.name == declared.name }.map { chosen.remove(at: $0) }
            var found: Reference?
            if position < ChartInspector.maximumLookups {
                found = try await find(declared, locked: entry?.version, beside: chart.repository)
            }
            dependencies.append(
                .init(
                    declared: declared, locked: entry?.version,
                    vendored: ChartInspector.vendored(declared, locked: entry?.version, among: files.vendored),
                    found: found))
        }
        return ChartDependencies(chart: chart, dependencies: dependencies, lock: lock, lockProblem: problem)
    }

    /// The directory of its name, or an archive of its name and a version: the locked one where there are several.
    static func vendored(_ dependency: ChartDependency, locked: String?, among names: [String]) -> String? {
        if names.contains(dependency.name) { return dependency.name }
        if let locked, names.contains("\(dependency.name)-\(locked).tgz") { return "\(dependency.name)-\(locked).tgz" }
        return names.first { name in
            guard name.hasPrefix(dependency.name + "-"), name.hasSuffix(".tgz") else { return false }
            return (try? SemanticVersion(lenient: name.dropFirst(dependency.name.count + 1).dropLast(4))) != nil
        }
    }

    private func find(
        _ dependency: ChartDependency, locked: String?, beside repository: RepositoryName
    ) async throws(ContentError) -> Reference? {
        guard let place = try? ChartNamespace(of: repository).repository(forChart: dependency.name) else { return nil }
        let versions: [(version: SemanticVersion, tag: Tag)]
        do {
            versions = try await self.versions(in: place)
        } catch {
            switch error {
            // Not here, or not for this caller to see.
            case .nameUnknown, .manifestUnknown, .denied, .unauthorized, .unsupported: return nil
            default: throw error
            }
        }
        if let locked, let tag = try? Tag(chartVersion: locked), versions.contains(where: { $0.tag == tag }) {
            return Reference(repository: place, tag: tag)
        }
        guard let constraint = try? VersionConstraint(parsing: dependency.version) else { return nil }
        let newest = versions.filter { constraint.matches($0.version) }.max { $0.version < $1.version }
        return newest.map { Reference(repository: place, tag: $0.tag) }
    }
}
