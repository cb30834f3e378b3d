import ChartArchive
import HelmModel
import OCIModel
import YAML

/// What charts list as images.
extension ImageFinder {
    private static let annotations = ["artifacthub.io/images", "helm.sh/images", "images"]

    private static var limits: YAMLLimits {
        var limits = YAMLLimits()
        (limits.bytes, limits.nodes) = (1 << 20, 50_000)
        return limits
    }

    /// Lists of texts, or of mappings with `image`.
    mutating func readAnnotations(of tree: ChartTree, _ scope: ImageScope) {
        for name in ImageFinder.annotations {
            guard let text = tree.metadata?.annotations[name] else { continue }
            let source = ChartImage.Source(
                chart: scope.chart, place: "annotation \(name)", confidence: .high, note: nil, key: nil)
            do throws(YAMLError) {
                guard let root = try YAMLDocument.parse(Array(text.utf8), limits: ImageFinder.limits) else { continue }
                guard let elements = root.elements else { throw root.error("it must be a list of images") }
                for element in elements {
                    guard let image = element.string ?? element["image"]?.string else {
                        leaveOut()
                        continue
                    }
                    take(image, source)
                }
            } catch {
                note("\(scope.chart): annotation \(name), \(error)")
            }
        }
    }

    /// `Images.lock` as charts-syncer and Bitnami's distribution tooling write it.
    mutating func readLock(of tree: ChartTree, _ scope: ImageScope) {
        guard let file = tree.imagesLock else { return }
        let source = ChartImage.Source(
            chart: scope.chart, place: "Images.lock", confidence: .high, note: nil, key: nil)
        do throws(YAMLError) {
            guard let root = try YAMLDocument.parse(file.bytes, limits: ImageFinder.limits) else { return }
            guard root["kind"]?.string == "ImagesLock", let images = root["images"] else {
                throw root.error("it must be of kind ImagesLock and list images")
            }
            for image in images.elements ?? [] {
                guard let text = image["image"]?.string else {
                    leaveOut()
                    continue
                }
                let digests = (image["digests"]?.elements ?? []).compactMap { entry -> ChartImage.PlatformDigest? in
                    guard let digest = entry["digest"]?.string.flatMap({ try? Digest(parsing: $0) }) else { return nil }
                    return .init(platform: entry["arch"]?.string ?? "", digest: digest)
                }
                take(text, source, digests: digests)
            }
        } catch {
            note("\(scope.chart): Images.lock, \(error)")
        }
    }
}
