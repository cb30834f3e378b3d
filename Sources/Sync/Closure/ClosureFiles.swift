internal import ChartInspection
internal import OCIModel

/// What makes a cluster use the images of a plan, as files.
public enum ClosureFiles {
    /// `<chart>-<version>.values.yaml` for each chart with images, `containerd/<host>/hosts.toml` for each host they come
    /// from, and `images.txt`, sorted by path; nothing for a plan without images.
    ///
    /// Paths are relative, and their elements safe names, whatever charts are called.
    /// - Parameters:
    ///   - plan: a plan of a rule that brings images.
    ///   - storeHost: `host[:port]` at which the local store is served, `http://` in front without TLS; without it, and for
    ///     layouts, there is the list alone.
    public static func files(of plan: MirrorPlan, storeHost: String? = nil) -> [(path: String, text: String)] {
        let all = plan.charts.flatMap(\.images)
        guard !all.isEmpty else { return [] }
        var files: [String: String] = ["images.txt": list(all, storeHost)]
        for chart in plan.charts {
            let placed = chart.images.compactMap { $0.placed(storeHost: storeHost) }
            guard !placed.isEmpty else { continue }
            let name = safe("\(chart.name)-\(chart.version)")
            var path = name + ".values.yaml"
            var number = 1
            while files[path] != nil {
                number += 1
                path = "\(name).\(number).values.yaml"
            }
            files[path] = overlay(placed)
        }
        for (path, text) in ContainerdHosts(all.compactMap { $0.placed(storeHost: storeHost) }).files {
            guard let host = path.split(separator: "/").first, host.utf8.contains(where: { $0 != UInt8(ascii: ".") })
            else { continue }
            files["containerd/" + path] = text
        }
        return files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }

    /// A line for each image: where it comes from, a tabulator, where it goes.
    private static func list(_ images: [BroughtImage], _ storeHost: String?) -> String {
        let lines = Set(
            images.map { image in
                if let placed = image.placed(storeHost: storeHost) { return PlacedImage.list([placed]) }
                let reference = image.image.reference
                let target = Reference(repository: image.repository, tag: reference.tag, digest: reference.digest)
                let place =
                    switch image.to {
                    case .store: "store:"
                    case .layout, .charts, .registry: "\(image.to) "
                    }
                return "\(reference)\t\(place)\(target)\n"
            })
        return lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined()
    }

    private static func overlay(_ images: [PlacedImage]) -> String {
        let overlay = ValuesOverlay(images)
        guard !overlay.untouched.isEmpty else { return overlay.text }
        let lines = overlay.untouched.map { "# - \($0.reference)\n" }.joined()
        return "# No values say where these images are pulled from; containerd's hosts.toml does:\n" + lines
            + overlay.text
    }

    /// The same text as one element of a path: letters, digits and `.`, `-`, `_`, `+`, not a dot in front.
    private static func safe(_ text: String) -> String {
        let name = String(
            decoding: text.utf8.prefix(200).map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "+"):
                    byte
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
        return name.hasPrefix(".") ? "_" + name : name
    }
}
