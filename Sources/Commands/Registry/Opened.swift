import Content
import OCIModel

/// A registry a command has opened, with what it is called.
struct Opened {
    let end: any RegistryEnd
    let name: String
}

extension Invocation {
    /// Opens the registry the command line picks.
    func open(_ reference: Reference? = nil) async throws(CommandError) -> Opened {
        let target = try TargetSelection.target(of: self, reference: reference)
        return Opened(end: try await context.openEnd(target, context), name: target.registryName)
    }

    /// Asks for confirmation unless `--yes` was given.
    func confirm(_ question: String) throws(CommandError) {
        guard !arguments.has("yes") else { return }
        try console.confirm(question)
    }
}

/// `--yes`, `-y`.
extension Command.Option {
    static let yes = Command.Option.flag("yes", short: "y", "Go ahead without asking.")
    static let limit = Command.Option.value("limit", "N", "Show at most so many.", kind: .count)
}

/// Runs what may throw an error of content, as a command's error.
func contentWork<Value>(
    _ object: String? = nil, _ work: () async throws(ContentError) -> Value
) async throws(CommandError) -> Value {
    do {
        return try await work()
    } catch {
        throw CommandError(error, on: object)
    }
}

/// All pages of a listing, or as many elements as `limit` allows.
func everything<Element, Key: Equatable>(
    limit: String?, key: (Element) -> Key,
    _ page: (PageRequest<Key>) async throws(ContentError) -> Page<Element>
) async throws(CommandError) -> [Element] {
    let most = limit.flatMap { Int($0) } ?? .max
    var elements: [Element] = []
    var last: Key?
    while elements.count < most {
        let request = PageRequest(limit: min(500, most - elements.count), last: last)
        let answer = try await contentWork { () async throws(ContentError) in try await page(request) }
        elements += answer.elements
        guard answer.hasMore, let end = answer.elements.last else { break }
        guard key(end) != last else {
            throw CommandError(.unavailable, "the registry gives the same page of its listing again and again")
        }
        last = key(end)
    }
    return elements
}
