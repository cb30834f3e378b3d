import ChartArchive
import HelmModel
import OCIModel
import YAML

/// A chart in the tree, and what the charts above say of it.
struct ImageScope {
    /// The chart with those that hold it.
    var chart: String
    /// The keys below which its values lie in those of the topmost chart.
    var keys: [String] = []
    /// Mappings of the charts above that are laid over its values, the strongest first.
    var overrides: [YAMLNode] = []
    /// `global.imageRegistry` of the charts above.
    var registry = ""
    /// Whether a condition of a chart above switches it off.
    var isDisabled = false
}

/// Collects what is found.
struct ImageFinder {
    private var found: [String: ChartImage] = [:]
    private(set) var leftOut = 0
    private(set) var problems: [String] = []
    /// Bounds on what aliases of subcharts may repeat.
    private var visitsLeft = 1000
    private var bytesLeft = 128 << 20

    /// By the bytes of the references.
    var images: [ChartImage] {
        found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }

    /// Reads a chart, then what is in its `charts/`.
    mutating func visit(_ tree: ChartTree, _ scope: ImageScope) {
        let size = ([tree.values, tree.imagesLock].compactMap(\.self) + tree.templates).reduce(0) {
            $0 + $1.bytes.count
        }
        guard visitsLeft > 0, size <= bytesLeft else {
            return note("the charts of \(scope.chart) are too many together to look for all their images")
        }
        visitsLeft -= 1
        bytesLeft -= size
        for problem in tree.problems { note("\(scope.chart): \(problem)") }
        readAnnotations(of: tree, scope)
        readLock(of: tree, scope)
        let values = readValues(of: tree, scope)
        readTemplates(of: tree, scope)
        for chart in zip(tree.vendored, tree.subcharts) {
            let name = chart.1.name
            let declared = tree.metadata?.dependencies.filter { $0.name == name } ?? []
            let path = "\(scope.chart)/charts/\(name)"
            // A chart that nobody asks for is used all the same, under its own name.
            let uses =
                declared.isEmpty ? [(name, "")] : declared.map { ($0.alias.isEmpty ? name : $0.alias, $0.condition) }
            for (key, condition) in uses.prefix(visitsLeft + 1) {
                var inner = ImageScope(chart: path, keys: scope.keys + [key])
                let layers = scope.overrides + (values.map { [$0] } ?? [])
                inner.overrides = layers.compactMap { $0[key] }
                inner.registry = ImageFields.globalRegistry(layers) ?? scope.registry
                if inner.registry.isEmpty { inner.registry = scope.registry }
                inner.isDisabled = scope.isDisabled || ImageFields.isOff(condition, layers)
                visit(chart.1, inner)
            }
        }
    }

    /// Notes a problem.
    mutating func note(_ problem: String) {
        if problems.count < 100, !problems.contains(problem) { problems.append(problem) }
    }

    /// Counts what does not say which image it is.
    mutating func leaveOut() { leftOut += 1 }

    /// Takes an image as it is written.
    ///
    /// Without a tag or a digest it is left out, unless the chart says plainly that it is an image.
    mutating func take(
        _ text: String, _ source: ChartImage.Source, digests: [ChartImage.PlatformDigest] = []
    ) {
        guard var reference = try? Reference(image: text) else { return leaveOut() }
        if reference.manifest == nil {
            guard source.confidence == .high else { return leaveOut() }
            reference.tag = try? Tag(parsing: "latest")
        }
        let name = reference.description
        guard let known = found[name] else {
            guard found.count < ChartImages.maximumCount else { return leaveOut() }
            found[name] = ChartImage(
                reference: reference, confidence: source.confidence, sources: [source], digests: digests)
            return
        }
        found[name] = ChartImage(
            reference: reference, confidence: max(known.confidence, source.confidence),
            sources: known.sources.contains(source) ? known.sources : known.sources + [source],
            digests: known.digests + digests.filter { !known.digests.contains($0) })
    }
}

/// Reads single values through the layers that lie over them.
enum ImageFields {
    /// The text of a scalar as a template would print it; nil when there is none.
    static func text(_ node: YAMLNode?) -> String? {
        switch node?.value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        // YAML becomes JSON on its way to a template: `1.10` is 1.1.
        case .number(let number): Int64(exactly: number).map { String($0) } ?? "\(number)"
        case .null, nil: nil
        }
    }

    /// `global.imageRegistry` of the strongest layer that has one.
    static func globalRegistry(_ layers: [YAMLNode]) -> String? {
        layers.lazy.compactMap { text($0["global"]?["imageRegistry"]) }.first { !$0.isEmpty }
    }

    /// Whether a condition is false: its first path that leads to a boolean decides.
    static func isOff(_ condition: String, _ layers: [YAMLNode]) -> Bool {
        for path in condition.utf8.split(separator: UInt8(ascii: ",")).prefix(4) {
            let keys = Substring(path).utf8.filter { $0 != UInt8(ascii: " ") }.split(separator: UInt8(ascii: "."))
                .map { String(decoding: $0, as: UTF8.self) }
            for layer in layers {
                let end = keys.reduce(Optional(layer)) { $0?[$1] }
                if let flag = end?.bool { return !flag }
            }
        }
        return false
    }
}
