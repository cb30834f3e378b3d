import Content
import OCIModel

extension Command {
    /// `chartroom tag`.
    static let tag = Command(
        name: "tag", summary: "List, delete and lock tags", children: [.tagList, .tagDelete, .tagUpdate])
}

extension Command.Argument {
    static let taggedReference = Command.Argument(
        name: "REPOSITORY:TAG", help: "The tag: charts/nginx:1.2.3, or oci://host/charts/nginx:1.2.3.")
}

extension Invocation {
    /// A reference that must name a tag and nothing else.
    func tagReference() throws(CommandError) -> (reference: Reference, tag: Tag) {
        let reference = try reference("REPOSITORY:TAG")
        guard let tag = reference.tag, reference.digest == nil else {
            throw CommandError(.usage, "\(reference) names no tag", hints: ["write REPOSITORY:TAG"])
        }
        return (reference, tag)
    }

    /// Writes tags.
    func showTags(_ tags: [TagAttributes]) throws(CommandError) {
        // Where nothing is cached, nobody wonders about upstreams.
        let hasCached = tags.contains { $0.upstream != nil }
        var table = Table(
            [("TAG", .left), ("DIGEST", .left), ("UPDATED", .left), ("LOCKED", .left)]
                + (hasCached ? [("UPSTREAM", .left)] : []))
        for tag in tags {
            table.add(
                [
                    tag.name.description, tag.digest.description, Objects.shortTime(tag.updatedAt),
                    Objects.lockText(tag.locks),
                ] + (hasCached ? [Objects.upstreamText(tag)] : []))
        }
        try show(json: .array(tags.map(Objects.tag)), table: table.text)
    }
}
