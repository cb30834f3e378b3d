import HelmModel

/// Reads the first line as a constraint and as a selector, the others as versions, and checks what must hold for all.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let versions = lines.dropFirst().prefix(8).compactMap { try? SemanticVersion(lenient: $0) }
    guard let first = lines.first else { return 0 }
    if let constraint = try? VersionConstraint(parsing: first) { check(constraint, versions) }
    if let selector = try? ChartSelector(parsing: first) { check(selector, versions) }
    return 0
}

private func check(_ constraint: VersionConstraint, _ versions: [SemanticVersion]) {
    let again = try? VersionConstraint(parsing: constraint.description)
    // Ranges are written longer than they are read.
    precondition(again == constraint || constraint.description.utf8.count > VersionConstraint.maximumLength)
    for version in versions where constraint.matches(version) {
        precondition(version.prerelease.isEmpty || constraint.takesPrereleases)
        precondition(constraint.matches(version, includingPrereleases: true))
    }
}

private func check(_ selector: ChartSelector, _ versions: [SemanticVersion]) {
    precondition((try? ChartSelector(parsing: selector.description)) == selector)
    precondition(selector.description.utf8.count <= ChartSelector.maximumLength)
    let names = selector.exactNames ?? ["a"]
    precondition(
        names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } && Set(names).count == names.count)
    var selection = ChartSelector.Selection(selector)
    for name in names.prefix(4) {
        var count = 0
        for version in versions.sorted(by: >) {
            let isComplete = count > 0 && selection.isChartComplete
            if selection.takes(name: name, version: version, isDeprecated: false) {
                precondition(!isComplete && selector.takes(chart: name))
                precondition(selector.version?.matches(version, includingPrereleases: true) ?? true)
                count += 1
            }
        }
        precondition(count <= selector.newest ?? .max)
    }
}
