import YAML

/// Feeds any bytes to the parser and checks that the tree keeps the promises of the door.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    var limits = YAMLLimits()
    limits.depth = 20
    limits.nodes = 5000
    limits.aliasExpansion = 1000
    do {
        guard let root = try YAMLDocument.parse(bytes, limits: limits) else { return 0 }
        var nodes = 0
        check(root, depth: 1, nodes: &nodes)
        precondition(nodes <= limits.nodes)
    } catch {
        precondition(error.line >= 1 && error.column >= 1 && !error.message.isEmpty)
        precondition(error.message.utf8.count < 1000)
    }
    return 0
}

private func check(_ node: YAMLNode, depth: Int, nodes: inout Int) {
    nodes += 1
    precondition(depth <= 20 && node.line >= 1 && node.column >= 1)
    switch node.content {
    case .scalar:
        precondition(node.value != nil)
        if let integer = node.integer { precondition(YAMLScalar(plain: String(integer)) == .integer(integer)) }
    case .sequence(let elements):
        for element in elements { check(element, depth: depth + 1, nodes: &nodes) }
    case .mapping(let entries):
        var keys: Set<[UInt8]> = []
        for (key, value) in entries {
            guard let text = key.text else { preconditionFailure("a key is no scalar") }
            precondition(keys.insert(Array(text.utf8)).inserted)
            check(key, depth: depth + 1, nodes: &nodes)
            check(value, depth: depth + 1, nodes: &nodes)
        }
    }
}
