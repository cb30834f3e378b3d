import Content
import OCIModel

extension Command {
    /// `chartroom upstream`.
    static let upstream = Command(
        name: "upstream", summary: "Look at upstreams, fill and empty the cache",
        children: [.upstreamList, .upstreamTest, .upstreamWarm, .upstreamPurge])
}

extension Invocation {
    /// Upstreams of the server the command line picks; a reference with `oci://` names it too.
    func openUpstreams(_ reference: Reference? = nil) async throws(CommandError) -> any UpstreamControl {
        let target = try TargetSelection.target(of: self, reference: reference)
        return try await context.openUpstreams(target, context)
    }
}

/// References and paths as the commands of upstreams read them.
enum UpstreamReference {
    /// Reads `repository[:tag][@digest]`, or `oci://server/repository…`.
    ///
    /// Only with `oci://` is there a server in it: below a cache, paths begin with the names of other hosts.
    static func parse(_ text: String) throws(CommandError) -> Reference {
        do throws(OCIParseError) {
            return text.hasPrefix("oci://") ? try Reference(parsing: text) : try Reference(path: text)
        } catch {
            throw CommandError(.usage, error.description)
        }
    }

    /// Reads a path without a tag.
    static func path(_ text: String) throws(CommandError) -> Reference {
        let reference = try parse(text)
        guard reference.manifest == nil else {
            throw CommandError(.usage, "\(reference.path) names a manifest, not a path", hints: ["leave out the tag"])
        }
        return reference
    }

    /// Reads a reference to a manifest.
    static func manifest(_ text: String) throws(CommandError) -> Reference {
        let reference = try parse(text)
        guard reference.manifest != nil else {
            throw CommandError(
                .usage, "\(reference.path) names no version",
                hints: ["write \(reference.path):VERSION, or --index \(reference.path) for all of them"])
        }
        return reference
    }
}
