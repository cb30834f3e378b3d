public import OCIModel
import YAML

/// What a provenance file (`.prov`) says about an archive: the text between PGP's marks, its signature unchecked.
///
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/provenance/sign.go`: a clearsigned message (RFC 9580, section 7) of
/// `Chart.yaml`, a line `...`, and a YAML mapping `files` from archive names to `sha256:<hex>`.
public struct ChartProvenance: Sendable, Equatable {
    /// Archive names and their digests, in the order of the text; digests that are none are left out.
    public let files: [File]

    /// One line of `files`.
    public struct File: Sendable, Equatable {
        /// The archive's file name.
        public let name: String
        /// Its digest.
        public let digest: Digest
    }

    /// Reads a provenance file of at most 1 MiB.
    ///
    /// - Throws: `ChartProvenanceError` when it is not a clearsigned message with a `files` mapping.
    public init(parsing bytes: [UInt8]) throws(ChartProvenanceError) {
        guard bytes.count <= 1 << 20 else { throw ChartProvenanceError("the provenance file is larger than 1 MiB") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ChartProvenanceError("the provenance file is not UTF-8")
        }
        let body = try ChartProvenance.signedLines(of: text)
        guard let end = body.firstIndex(of: "...") else {
            throw ChartProvenanceError("the provenance file has no line \"...\" between metadata and files")
        }
        let tree: YAMLNode?
        do {
            tree = try YAMLDocument.parse(Array(body[(end + 1)...].joined(separator: "\n").utf8))
        } catch {
            throw ChartProvenanceError("the provenance file's list of files, \(error)")
        }
        guard let entries = tree?["files"]?.entries else {
            throw ChartProvenanceError("the provenance file lists no files")
        }
        files = entries.compactMap { key, value in
            guard let name = key.text, let text = value.text, let digest = try? Digest(parsing: text) else {
                return nil
            }
            return File(name: name, digest: digest)
        }
    }

    /// Whether it vouches for an archive of this digest, under whatever name.
    public func names(_ archive: Digest) -> Bool {
        files.contains { $0.digest == archive }
    }

    /// The lines between the headers and the signature, dash escapes undone.
    private static func signedLines(of text: String) throws(ChartProvenanceError) -> [String] {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
            String(line.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
        guard let begin = lines.firstIndex(of: "-----BEGIN PGP SIGNED MESSAGE-----"),
            let blank = lines[begin...].firstIndex(of: ""),
            let end = lines[blank...].firstIndex(of: "-----BEGIN PGP SIGNATURE-----")
        else { throw ChartProvenanceError("the provenance file is not a PGP signed message") }
        return lines[(blank + 1)..<end].map { $0.hasPrefix("- ") ? String($0.dropFirst(2)) : $0 }
    }
}

/// A provenance file that cannot be read.
public struct ChartProvenanceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence without a final full stop.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
