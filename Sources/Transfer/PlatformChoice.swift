internal import Content
internal import OCIModel

/// Which manifests of an image index are for some platforms; indexes name these beside each descriptor.
///
/// What says no platform stays, since nobody knows what it is; what says `unknown/unknown`, as attestations do, goes.
struct PlatformChoice {
    /// Those chosen, in the index's order.
    let descriptors: [Descriptor]

    init(_ index: StoredManifest, _ platforms: [Platform], in repository: RepositoryName) throws(TransferError) {
        do throws(OCIParseError) {
            let tree = try JSONValue(parsing: index.bytes)
            var chosen: [Descriptor] = []
            for (position, element) in (tree["manifests"]?.array ?? []).enumerated() {
                let descriptor = try Descriptor(json: element, at: "manifests[\(position)]")
                if PlatformChoice.isWanted(element["platform"], descriptor, platforms) { chosen.append(descriptor) }
            }
            descriptors = chosen
        } catch {
            throw TransferError(
                .source, .manifestInvalid("index \(index.digest) of \(repository): \(error.description)"))
        }
    }

    private static func isWanted(_ platform: JSONValue?, _ descriptor: Descriptor, _ wanted: [Platform]) -> Bool {
        if wanted.isEmpty { return true }
        guard let os = platform?["os"]?.string, let architecture = platform?["architecture"]?.string else {
            // One image alone is wanted by name; an index within the index may hold it.
            return wanted.count > 1 || descriptor.mediaType.isIndex
        }
        let variant = platform?["variant"]?.string
        return wanted.contains { wanted in
            wanted.os == os && wanted.architecture == architecture
                && (wanted.variant == nil || wanted.variant == variant)
        }
    }

    /// There is none.
    static func none(_ request: TransferRequest) -> TransferError {
        let names = request.platforms.map(\.description).joined(separator: ", ")
        return TransferError(
            .source, .manifestUnknown("\(request.source), \(request.reference), has no image for \(names)"))
    }
}
