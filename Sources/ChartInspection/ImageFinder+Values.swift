import ChartArchive
import HelmModel
import OCIModel
import YAML

/// A mapping between the layers that lie over it and the one it lies over.
private struct LayeredMapping {
    /// The strongest first.
    private let layers: [[String: YAMLNode]]
    private let overrides: [[String: YAMLNode]]

    init(_ node: YAMLNode, overrides: [YAMLNode], below: YAMLNode?) {
        func fields(_ node: YAMLNode) -> [String: YAMLNode] {
            Dictionary((node.entries ?? []).map { ($0.key.text ?? "", $0.value) }) { _, last in last }
        }
        self.overrides = overrides.map(fields)
        layers = self.overrides + [fields(node)] + (below.map { [fields($0)] } ?? [])
    }

    subscript(_ key: String) -> YAMLNode? { layers.lazy.compactMap { $0[key] }.first }

    func text(_ key: String) -> String { ImageFields.text(self[key]) ?? "" }

    /// What lies over the value of a key.
    func overrides(_ key: String) -> [YAMLNode] { overrides.compactMap { $0[key] } }
}

/// Where a walk through values stands.
private struct ValuesPlace {
    var path: [String] = []
    var overrides: [YAMLNode]
    /// What a subchart says itself of what stands here.
    var below: YAMLNode?
    var isDisabled: Bool
    /// Whether a key on the way is that of an image.
    var isImage = false
    /// Whether a list lies on the way, whose elements no other values can change one by one.
    var isInList = false
    /// The version that an empty tag means.
    var appVersion: String

    /// The place of a key or an element.
    func entering(_ key: String, _ overrides: [YAMLNode]) -> ValuesPlace {
        var inner = self
        inner.path.append(key)
        inner.overrides = overrides
        inner.below = below?[key]
        inner.isImage = isImage || ImageFinder.isImageKey(key) || key == "images"
        return inner
    }
}

/// What the default values say.
extension ImageFinder {
    private struct Context {
        var scope: ImageScope
        var registry: String
        /// The subcharts by the keys of their values.
        var subcharts: [String: ChartTree]
    }

    /// Whether a value at such a key is an image: `image`, `initImage`, `sidecar_image`.
    static func isImageKey(_ key: String) -> Bool { key.hasSuffix("image") || key.hasSuffix("Image") }

    /// Finds the images in the values, and gives their tree for the charts below.
    mutating func readValues(of tree: ChartTree, _ scope: ImageScope) -> YAMLNode? {
        guard let file = tree.values else { return nil }
        do throws(YAMLError) {
            guard let root = try ImageFinder.parse(file) else { return nil }
            let registry = ImageFields.globalRegistry(scope.overrides + [root]) ?? ""
            let context = Context(
                scope: scope, registry: scope.registry.isEmpty ? registry : scope.registry,
                subcharts: ImageFinder.subcharts(of: tree))
            walk(
                root,
                ValuesPlace(
                    overrides: scope.overrides, isDisabled: scope.isDisabled,
                    appVersion: tree.metadata?.appVersion ?? ""),
                context)
            return root
        } catch {
            note("\(scope.chart): values.yaml, \(error)")
            return nil
        }
    }

    private static func parse(_ file: ArchivedFile) throws(YAMLError) -> YAMLNode? {
        var limits = YAMLLimits()
        limits.nodes = 200_000
        return try YAMLDocument.parse(file.bytes, limits: limits)
    }

    private mutating func walk(_ node: YAMLNode, _ place: ValuesPlace, _ context: Context) {
        switch node.content {
        case .scalar: return
        case .sequence(let elements):
            for (index, element) in elements.enumerated() {
                var inner = place.entering("\(index)", [])
                inner.isInList = true
                walk(element, inner, context)
            }
        case .mapping(let entries):
            var place = place
            let mapping = LayeredMapping(node, overrides: place.overrides, below: place.below)
            if mapping["enabled"]?.bool == false { place.isDisabled = true }
            takeParts(of: mapping, node, place, context)
            for (keyNode, value) in entries {
                guard let key = keyNode.text else { continue }
                if case .scalar = value.content {
                    if ImageFinder.isImageKey(key) { takeText(key, keyNode, mapping, place, context) }
                } else {
                    var inner = place.entering(key, mapping.overrides(key))
                    if place.path.isEmpty, let chart = context.subcharts[key] {
                        inner.appVersion = chart.metadata?.appVersion ?? ""
                        inner.below = chart.values.flatMap { try? ImageFinder.parse($0) }
                    }
                    walk(value, inner, context)
                }
            }
        }
    }

    private static func subcharts(of tree: ChartTree) -> [String: ChartTree] {
        let named = Dictionary(tree.subcharts.map { ($0.name, $0) }) { _, last in last }
        var charts = named
        for dependency in tree.metadata?.dependencies ?? [] where !dependency.alias.isEmpty {
            charts[dependency.alias] = named[dependency.name]
        }
        return charts
    }

    /// A whole reference as one text.
    private mutating func takeText(
        _ key: String, _ node: YAMLNode, _ mapping: LayeredMapping, _ place: ValuesPlace, _ context: Context
    ) {
        let text = mapping.text(key)
        guard !text.isEmpty else { return }
        let place = place.entering(key, [])
        take(text, source(place, node.line, place.isDisabled ? .low : .medium, note: nil, .text, context))
    }

    /// A mapping with `repository`, and perhaps `registry`, `tag`, `digest` or `sha`.
    private mutating func takeParts(
        of mapping: LayeredMapping, _ node: YAMLNode, _ place: ValuesPlace, _ context: Context
    ) {
        let repository = mapping.text("repository")
        guard !repository.isEmpty else { return }
        let tag = mapping.text("tag")
        // A repository of something else, say of source code.
        guard place.isImage || !tag.isEmpty && !repository.contains("://") else { return }
        let registry = mapping.text("registry")
        var text = repository
        if !registry.isEmpty {
            text = registry + (registry.hasSuffix("/") ? "" : "/") + repository
        } else if !context.registry.isEmpty, !Reference.imageHasHost(repository) {
            text = context.registry + (context.registry.hasSuffix("/") ? "" : "/") + repository
        }
        var digest = mapping.text("digest")
        if digest.isEmpty, mapping.text("sha").utf8.count == 64 { digest = "sha256:" + mapping.text("sha") }
        var note: String?
        if !tag.isEmpty {
            text += ":" + tag
        } else if digest.isEmpty, (try? Reference(image: text))?.manifest == nil {
            guard !place.appVersion.isEmpty else { return leaveOut() }
            text += ":" + place.appVersion
            note = "the tag is empty, taken for the chart's appVersion; some charts put a v in front"
        }
        if !digest.isEmpty { text += "@" + digest }
        let isSure = place.isImage && !place.isDisabled
        take(
            text,
            source(
                place, node["repository"]?.line ?? node.line, isSure ? .medium : .low, note: note,
                .parts(hasRegistry: mapping["registry"] != nil), context))
    }

    private func source(
        _ place: ValuesPlace, _ line: Int, _ confidence: ChartImage.Confidence, note: String?,
        _ form: ChartImage.ValuesKey.Form, _ context: Context
    ) -> ChartImage.Source {
        let key = ChartImage.ValuesKey(path: context.scope.keys + place.path, form: form)
        return ChartImage.Source(
            chart: context.scope.chart, place: "values.yaml:\(line) \(place.path.joined(separator: "."))",
            confidence: confidence, note: note, key: place.isInList || key.path.isEmpty ? nil : key)
    }
}
