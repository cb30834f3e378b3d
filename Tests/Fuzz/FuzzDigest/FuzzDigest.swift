import OCIModel

/// Feeds any bytes to every grammar of names and addresses; what is taken must be written and read back as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let text = String(decoding: bytes, as: UTF8.self)
    checkAddresses(text)
    checkNames(text)
    if let digest = Digest(bytes: bytes) {
        precondition(digest.bytes == bytes && (try? Digest(parsing: digest.description)) == digest)
    }
    precondition(OCIParseError.quote(text).unicodeScalars.count <= 103)
    return 0
}

private func checkAddresses(_ text: String) {
    if let digest = try? Digest(parsing: text) {
        precondition(digest.description == text && Digest(bytes: digest.bytes) == digest)
    }
    if let reference = try? ManifestReference(parsing: text) {
        precondition(reference.description == text)
    }
    if let reference = try? Reference(parsing: text) {
        precondition((try? Reference(parsing: reference.description)) == reference)
    }
}

private func checkNames(_ text: String) {
    if let name = try? RepositoryName(parsing: text) {
        precondition(name.description == text && !name.elements.isEmpty && name.elements.allSatisfy { !$0.isEmpty })
        precondition(text.utf8.count <= RepositoryName.maximumLength && !text.contains(".."))
    }
    if let tag = try? Tag(parsing: text) {
        precondition(tag.description == text && text.utf8.count <= 128)
    }
    if let type = try? MediaType(parsing: text) {
        precondition((try? MediaType(parsing: type.description)) == type)
    }
}
