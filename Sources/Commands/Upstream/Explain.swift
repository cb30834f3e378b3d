import Content
import OCIModel

extension Command {
    /// `chartroom explain`.
    static let explain = Command(
        name: "explain", summary: "Explain why a reference is answered as it is",
        discussion: [
            "Tells where it comes from, when its upstream was last asked, what would happen now, and by which rule. "
                + "Nothing is fetched and no upstream is asked."
        ],
        arguments: [
            .init(
                name: "REFERENCE",
                help: "The reference as clients of the server write it behind the host: ghcr.io/org/nginx:1.2.3.")
        ],
        options: [OutputFormat.option] + TargetSelection.options,
        examples: [.init(line: "chartroom explain stable/nginx:1.2.3", purpose: "of the server on this machine")],
        run: { invocation async throws(CommandError) in
            let reference = try UpstreamReference.parse(invocation.arguments.positional("REFERENCE"))
            let control = try await invocation.openUpstreams(reference)
            let explanation = try await contentWork { () async throws(ContentError) in
                try await control.explain(reference)
            }
            try invocation.show(json: explanation.json, table: explanation.table)
        })
}

extension Explanation {
    /// Names and values; what is not known is left out.
    fileprivate var table: String {
        let rows: [(String, String?)] = [
            ("Reference", reference), ("Now", outcome), ("Rule", rule), ("Origin", origin),
            ("Digest", digest?.description), ("Missing blobs", missingBlobs > 0 ? String(missingBlobs) : nil),
            ("Upstream", upstream), ("URL", url), ("Checked", checkedAt.map(Objects.shortTime)),
            ("Fresh until", freshUntil.map(Objects.shortTime)), ("Gone since", goneSince.map(Objects.shortTime)),
            ("Pulled", pulledAt.map(Objects.shortTime)),
        ]
        return Table.pairs(rows.compactMap { name, value in value.map { (name, $0) } })
    }
}
