import Content
import OCIModel
import TestSupport

extension SampleChart {
    /// A manifest that refers to another one, over an empty config.
    static func referrer(
        to subject: StoredManifest, config: Descriptor, artifactType: String?, note: String = ""
    ) -> StoredManifest {
        var members: [(String, JSONValue)] = [
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
            ("config", config.json), ("layers", .array([config.json])),
            ("subject", Descriptor(of: subject.bytes, subject.mediaType).json),
            ("annotations", .object([("note", .string(note))])),
        ]
        if let artifactType { members.append(("artifactType", .string(artifactType))) }
        let bytes = JSONValue.object(members).text(.go)
        return StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes)
    }
}
