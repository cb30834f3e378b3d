internal import ChartArchive
public import HelmModel
internal import OCIModel
internal import YAML

extension RepositoryIndex {
    /// Reads the text of an index: as JSON when it is JSON, else as YAML, as Helm decides.
    ///
    /// Linear in the text. Entries are read one by one and packed; no tree of the whole is made.
    /// - Throws: `RepositoryIndexError`.
    public init(
        parsing text: [UInt8], _ limits: RepositoryIndexLimits = RepositoryIndexLimits()
    ) throws(RepositoryIndexError) {
        let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard first == UInt8(ascii: "{") else {
            self = try RepositoryIndex.yaml(text, limits)
            return
        }
        switch RepositoryIndex.json(text, limits) {
        case .success(let builder): self = try builder.finish()
        case .failure(let problem):
            do throws(RepositoryIndexError) {
                // A YAML document may begin with a brace too.
                self = try RepositoryIndex.yaml(text, limits)
            } catch {
                guard case .malformed(let reason) = error else { throw error }
                throw .malformed("\(problem.description); and it is no YAML either: \(reason)")
            }
        }
    }

    private static func json(
        _ text: [UInt8], _ limits: RepositoryIndexLimits
    ) -> Result<RepositoryIndexBuilder, OCIParseError> {
        var builder = RepositoryIndexBuilder(limits)
        do throws(OCIParseError) {
            try JSONWalk.walk(text, maximumValues: limits.valuesPerEntry, deciding: { builder.step(at: $0) }) {
                builder.take($1, at: $0)
            }
            return .success(builder)
        } catch {
            return .failure(error)
        }
    }

    private static func yaml(
        _ text: [UInt8], _ limits: RepositoryIndexLimits
    ) throws(RepositoryIndexError) -> RepositoryIndex {
        var own = YAMLLimits()
        own.bytes = limits.bytes
        own.nodes = limits.valuesPerEntry
        own.aliasExpansion = 1_000_000
        var builder = RepositoryIndexBuilder(limits)
        do throws(YAMLError) {
            try YAMLDocument.walk(text, limits: own, deciding: { YAMLStep(builder.step(at: $0)) }) { path, node in
                do throws(ChartArchiveError) {
                    return builder.take(try ChartYAML.tree(node, file: "index.yaml"), at: path)
                } catch {
                    return builder.drop(error.description, at: path)
                }
            }
        } catch {
            throw .malformed(error.description)
        }
        return try builder.finish()
    }
}

extension YAMLStep {
    fileprivate init(_ step: JSONStep) {
        switch step {
        case .enter: self = .enter
        case .take: self = .take
        case .skip: self = .skip
        case .stop: self = .stop
        }
    }
}
