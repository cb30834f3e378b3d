import OCIModel

/// Feeds any bytes to the JSON parser and the manifest reader; what they take must be written and read back as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    checkJSON(bytes)
    for type in [
        MediaType.ociManifest, .ociIndex, .dockerManifest, .dockerManifestList, .ociArtifactManifest, .octetStream,
    ] {
        checkManifest(bytes, type)
    }
    return 0
}

private func checkJSON(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes) else { return }
    for style in [JSONValue.Style.compact, .go, .indented] {
        let text = value.text(style)
        guard let again = try? JSONValue(parsing: text) else { preconditionFailure("what was written is not JSON") }
        precondition(again == value)
    }
}

private func checkManifest(_ bytes: [UInt8], _ type: MediaType) {
    guard let manifest = try? Manifest(parsing: bytes, contentType: type) else { return }
    precondition(manifest.mediaType == type)
    precondition(manifest.references.count <= Manifest.maximumReferences)
    precondition(manifest.contentSize >= 0)
    if type.isIndex { precondition(manifest.config == nil && manifest.layers.isEmpty) }
    for descriptor in manifest.references + (manifest.subject.map { [$0] } ?? []) {
        precondition(descriptor.size >= 0)
        precondition((try? Descriptor(json: descriptor.json, at: "it")) == descriptor)
    }
}
