/// Words that look like those of charts, the same for the same seed (SplitMix64).
struct Prose {
    private static let nouns = [
        "cluster", "gateway", "controller", "monitoring", "storage", "database", "operator", "proxy", "queue", "cache",
        "dashboard", "scheduler", "registry", "certificate", "ingress", "volume", "backup", "policy", "tracing",
        "agent",
        "exporter", "secret", "event", "stream", "search", "identity", "network", "balancer", "pipeline", "mesh",
        "workflow", "notification",
    ]
    private static let links = ["for", "with", "of", "and", "in", "that manages", "beside", "on top of"]

    private var state: UInt64

    init(seed: Int) {
        state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func number(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ (word >> 31)) % UInt64(limit))
    }

    mutating func noun() -> String { Prose.nouns[number(below: Prose.nouns.count)] }

    /// So many words in a row.
    mutating func words(_ count: Int) -> String {
        (0..<count).map { position in
            position % 2 == 0 ? noun() : Prose.links[number(below: Prose.links.count)]
        }.joined(separator: " ")
    }

    /// So many lines of something that looks like a template.
    mutating func template(lines: Int) -> String {
        var text = "apiVersion: apps/v1\nkind: Deployment\nspec:\n"
        for _ in 0..<lines {
            let indentation = String(repeating: "  ", count: 1 + number(below: 4))
            let mark = String(number(below: 1 << 32), radix: 36)
            text += "\(indentation)\(noun())-\(mark): {{ .Values.\(noun()).\(noun()) | default \"\(words(3))\" }}\n"
        }
        return text
    }
}
