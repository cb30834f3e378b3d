import HelmModel

/// Reads a key from the whole and a version from each line, and checks that order, keys and equality agree for each pair.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let version = SemanticVersion(orderKey: bytes) {
        precondition(version.orderKey == bytes && (try? SemanticVersion(parsing: version.description)) == version)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let versions = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(8).compactMap {
        try? SemanticVersion(lenient: $0)
    }
    for left in versions {
        precondition((try? SemanticVersion(parsing: left.description)) == left)
        precondition(SemanticVersion(orderKey: left.orderKey) == left)
        for right in versions { check(left, right) }
    }
    return 0
}

private func check(_ left: SemanticVersion, _ right: SemanticVersion) {
    let (leftKey, rightKey) = (left.orderKey, right.orderKey)
    precondition(leftKey.lexicographicallyPrecedes(rightKey) == (left < right))
    precondition((leftKey == rightKey) == (left == right))
    precondition(!(left < right && right < left))
    if left != right { precondition(left < right || right < left) }
    if left.hasSamePrecedence(as: right) { precondition(left.build != right.build || left == right) }
}
