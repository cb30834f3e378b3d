/// Builds the tree from events, within the limits.
struct Composer: ~Copyable {
    var reader: EventReader
    let limits: YAMLLimits
    var anchors: [String: Anchored] = [:]
    var nodeCount = 0
    private var aliasedCount = 0
    private var aliasedBytes = 0
    /// Nodes that anchors keep alive behind the piece they were read in; counted by `walk` alone.
    var anchoredCount = 0
    var isWalking = false

    /// What an anchor names.
    enum Anchored {
        case unfinished
        /// A collection that was handed out in pieces.
        case entered
        case finished(Subtree)
    }

    /// A node with its size, so that an alias can be charged for without walking it.
    struct Subtree {
        var node: YAMLNode
        var count = 1
        var depth = 1
        /// The bytes of all its scalars.
        var bytes = 0

        init(_ content: YAMLNode.Content, at event: Event) {
            node = YAMLNode(content, line: event.line, column: event.column)
            if case .scalar(let text, _) = content { bytes = text.utf8.count }
        }

        mutating func hold(_ child: Subtree) {
            count += child.count
            depth = max(depth, child.depth + 1)
            bytes += child.bytes
        }
    }

    init(reader: consuming EventReader, limits: YAMLLimits) {
        self.reader = reader
        self.limits = limits
    }

    /// The root of the only document; nil when there is none.
    mutating func document() throws(YAMLError) -> YAMLNode? {
        _ = try reader.next()
        guard case .documentStart = try reader.next().kind else { return nil }
        let root = try subtree(beginning: try reader.next(), depth: 1).node
        _ = try reader.next()
        let behind = try reader.next()
        guard case .streamEnd = behind.kind else { throw Composer.error(behind, "a second document begins here") }
        return root
    }

    static func error(_ event: Event, _ message: String) -> YAMLError {
        YAMLError(line: event.line, column: event.column, message: message)
    }

    mutating func charge(_ count: Int, at event: Event) throws(YAMLError) {
        nodeCount += count
        guard nodeCount <= limits.nodes else { throw Composer.error(event, "more than \(limits.nodes) nodes") }
    }

    func checkDepth(_ depth: Int, at event: Event) throws(YAMLError) {
        guard depth <= limits.depth else {
            throw Composer.error(event, "nested deeper than \(limits.depth) levels")
        }
    }

    mutating func subtree(beginning event: Event, depth: Int) throws(YAMLError) -> Subtree {
        try checkDepth(depth, at: event)
        if case .alias(let name) = event.kind { return try expand(name, at: event, depth: depth) }
        try charge(1, at: event)
        if let anchor = event.anchor { anchors[anchor] = .unfinished }
        let result: Subtree
        switch event.kind {
        case .scalar(let text, let isPlain):
            result = Subtree(try Composer.scalar(text, isPlain: isPlain, event), at: event)
        case .sequenceStart: result = try sequence(event, depth: depth)
        case .mappingStart: result = try mapping(event, depth: depth)
        case .alias, .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw Composer.error(event, "a node is missing here")
        }
        if let anchor = event.anchor { try keep(result, as: anchor, at: event) }
        return result
    }

    /// A tag decides whether a scalar is text; tags that are not YAML's own mean text, as in Go's reader.
    private static func scalar(_ text: String, isPlain: Bool, _ event: Event) throws(YAMLError) -> YAMLNode.Content {
        guard let tag = event.tag else { return .scalar(text, isPlain: isPlain) }
        switch tag {
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null":
            return .scalar(text, isPlain: true)
        case "tag:yaml.org,2002:binary": throw error(event, "binary scalars are not supported")
        default: return .scalar(text, isPlain: false)
        }
    }

    private mutating func keep(_ subtree: Subtree, as anchor: String, at event: Event) throws(YAMLError) {
        anchors[anchor] = .finished(subtree)
        guard isWalking else { return }
        anchoredCount += subtree.count
        guard anchoredCount <= limits.nodes else {
            throw Composer.error(event, "anchors name more than \(limits.nodes) nodes")
        }
    }

    mutating func expand(_ name: String, at event: Event, depth: Int) throws(YAMLError) -> Subtree {
        switch anchors[name] {
        case nil: throw Composer.error(event, "unknown anchor \(YAMLError.quote(name))")
        case .unfinished: throw Composer.error(event, "anchor \(YAMLError.quote(name)) contains itself")
        case .entered: throw Composer.error(event, "anchor \(YAMLError.quote(name)) names too much to repeat it")
        case .finished(let subtree):
            try charge(subtree.count, at: event)
            aliasedCount += subtree.count
            guard aliasedCount <= limits.aliasExpansion else {
                throw Composer.error(event, "aliases expand to more than \(limits.aliasExpansion) nodes")
            }
            // The nodes of an alias share their text; whoever writes the tree out does not.
            aliasedBytes += subtree.bytes
            guard aliasedBytes <= limits.bytes else {
                throw Composer.error(event, "aliases expand to more than \(limits.bytes) bytes")
            }
            try checkDepth(depth + subtree.depth - 1, at: event)
            return subtree
        }
    }

    private mutating func sequence(_ start: Event, depth: Int) throws(YAMLError) -> Subtree {
        var elements: [YAMLNode] = []
        var result = Subtree(.sequence([]), at: start)
        while true {
            let event = try reader.next()
            if case .sequenceEnd = event.kind { break }
            let element = try subtree(beginning: event, depth: depth + 1)
            result.hold(element)
            elements.append(element.node)
        }
        result.node.content = .sequence(elements)
        return result
    }

    private mutating func mapping(_ start: Event, depth: Int) throws(YAMLError) -> Subtree {
        var entries = Entries()
        var result = Subtree(.mapping([]), at: start)
        while true {
            let event = try reader.next()
            if case .mappingEnd = event.kind { break }
            let key = try subtree(beginning: event, depth: depth + 1)
            let value = try subtree(beginning: try reader.next(), depth: depth + 1)
            result.hold(key)
            result.hold(value)
            guard case .scalar(let name, let isPlain) = key.node.content else {
                throw Composer.error(event, "a mapping's key must be a scalar")
            }
            if isPlain, name == "<<" {
                try entries.merge(value.node)
            } else {
                try entries.insert(name, key.node, value.node)
            }
        }
        result.node.content = .mapping(entries.list)
        return result
    }
}
