internal import Codecs
internal import Content
internal import OCIModel
internal import Posix
internal import Synchronization

/// The files of a layout.
final class LayoutFiles: Sendable {
    static let maximumIndexBytes = 64 << 20
    static let maximumManifestBytes = 4 << 20
    /// A partial file that nobody has written to for so long is nobody's.
    private static let staleNanoseconds: Int64 = 86_400_000_000_000

    let path: String
    private let root: Directory
    private let calls: SystemCalls
    private let folders = Mutex<[DigestAlgorithm: Directory]>([:])

    /// Opens a layout, or makes one where nothing is yet.
    init(at path: String, isMade: Bool, _ calls: SystemCalls) throws(ContentError) {
        self.path = path
        self.calls = calls
        do throws(SystemError) {
            if !isMade, try FileStatus(path: path)?.kind != .directory {
                throw SystemError(code: 2, call: "open", object: path)
            }
            root = try Directory(creating: path, calls: calls)
        } catch {
            guard !error.isNotFound else { throw .nameUnknown("there is no image layout at \(path)") }
            throw LayoutFiles.failure("the image layout \(path) cannot be opened", error)
        }
        try checkMarker(isMade: isMade)
        if isMade { removeStale() }
    }

    static func failure(_ text: String, _ error: SystemError) -> ContentError {
        error.isStorageFailure
            ? .storageFull("\(text): \(error); free or repair the disk, then retry") : .internal("\(text): \(error)")
    }

    // MARK: Marker

    private func checkMarker(isMade: Bool) throws(ContentError) {
        do throws(SystemError) {
            if try root.size(of: "oci-layout") == nil {
                let others = try root.names().filter { !$0.hasPrefix(".") }
                guard isMade, others.isEmpty else {
                    throw SystemError(code: 2, call: "read", object: path + "/oci-layout")
                }
                try replace("oci-layout", by: Array("{\"imageLayoutVersion\":\"1.0.0\"}".utf8))
            }
            let bytes = try root.open("oci-layout", .read).read(at: 0, maximumBytes: 4096)
            let version = (try? JSONValue(parsing: bytes))?["imageLayoutVersion"]?.string
            guard version == "1.0.0" else {
                throw SystemError(code: 22, call: "read", object: path + "/oci-layout")
            }
        } catch {
            if error.isStorageFailure { throw LayoutFiles.failure("the image layout \(path) cannot be opened", error) }
            throw .unsupported(
                "\(path) is no image layout of version 1.0.0: \(error); name an empty directory, or a layout")
        }
    }

    private func removeStale() {
        guard let names = try? root.names() else { return }
        let now = WallClock.now() &* 1000
        for name in names where name.hasPrefix(".chartroom-") && name.hasSuffix(".partial") {
            guard let status = try? FileStatus(path: path + "/" + name) else { continue }
            // What cannot be removed is in nobody's way.
            if now - status.modifiedNanoseconds > LayoutFiles.staleNanoseconds { try? root.remove(name) }
        }
    }

    // MARK: Index

    var indexStatus: FileStatus? { try? FileStatus(path: path + "/index.json") }

    /// The text of `index.json`; nil when there is none.
    func readIndex() throws(ContentError) -> [UInt8]? {
        do throws(SystemError) {
            guard let size = try root.size(of: "index.json") else { return nil }
            guard size <= LayoutFiles.maximumIndexBytes else {
                throw SystemError(code: 27, call: "read", object: path + "/index.json")
            }
            let file = try root.open("index.json", .read)
            return try file.read(at: 0, maximumBytes: LayoutFiles.maximumIndexBytes)
        } catch {
            if error.code == 27 { throw .tooLarge("\(path)/index.json has more than 64 MiB") }
            throw LayoutFiles.failure("the image layout's index cannot be read", error)
        }
    }

    /// Replaces `index.json`; durable when it returns.
    func writeIndex(_ text: [UInt8]) throws(ContentError) {
        guard text.count <= LayoutFiles.maximumIndexBytes else {
            throw .tooLarge("the image layout \(path) would have an index of more than 64 MiB; begin another layout")
        }
        do { try replace("index.json", by: text) } catch {
            throw LayoutFiles.failure("the image layout's index cannot be written", error)
        }
    }

    /// Held while the index is read, changed and replaced.
    func lock() throws(ContentError) -> FileLock {
        do { return try FileLock.wait(path + "/.chartroom.lock") } catch {
            throw LayoutFiles.failure("the image layout cannot be locked", error)
        }
    }

    private func replace(_ name: String, by bytes: [UInt8]) throws(SystemError) {
        let partial = LayoutFiles.partialName()
        do throws(SystemError) {
            let file = try root.open(partial, .createNew)
            try file.write(bytes.span)
            try file.syncData()
            try file.close()
            try root.rename(partial, to: name, in: root)
            try root.sync()
        } catch {
            try? root.remove(partial)
            throw error
        }
    }

    private static func partialName() -> String {
        ".chartroom-" + String(UInt64.random(in: 0 ... .max), radix: 16) + ".partial"
    }

    // MARK: Blobs

    /// The directory of an algorithm's blobs; nil when it is not there and not to be made.
    private func folder(_ algorithm: DigestAlgorithm, isMade: Bool) throws(SystemError) -> Directory? {
        if let known = folders.withLock({ $0[algorithm] }) { return known }
        let path = path + "/blobs/" + algorithm.name
        if !isMade {
            guard try FileStatus(path: path)?.kind == .directory else { return nil }
        }
        let made = try Directory(creating: path, calls: calls)
        folders.withLock { $0[algorithm] = made }
        return made
    }

    /// The size of a blob in bytes; nil when it is not there.
    func size(of digest: Digest) throws(ContentError) -> Int64? {
        do throws(SystemError) {
            return try folder(digest.algorithm, isMade: false)?.size(of: digest.hex)
        } catch {
            throw LayoutFiles.failure("blob \(digest) cannot be looked at", error)
        }
    }

    /// A blob, open; nil when it is not there.
    func open(_ digest: Digest) throws(ContentError) -> LayoutBlob? {
        do throws(SystemError) {
            guard let file = try folder(digest.algorithm, isMade: false)?.open(digest.hex, .read) else { return nil }
            return LayoutBlob(size: try file.size(), file: file)
        } catch {
            if error.isNotFound { return nil }
            throw LayoutFiles.failure("blob \(digest) cannot be opened", error)
        }
    }

    /// A file for bytes that are to become a blob.
    func begin(_ algorithm: DigestAlgorithm) throws(ContentError) -> LayoutIngest {
        let name = LayoutFiles.partialName()
        do throws(SystemError) {
            return LayoutIngest(
                file: try root.open(name, .createNew), name: name, root: root,
                hasher: ContentHasher(algorithm == .sha256 ? .sha256 : .sha512))
        } catch {
            throw LayoutFiles.failure("the image layout cannot take a blob", error)
        }
    }

    /// Gives a complete ingest its name; durable when it returns.
    func keep(_ ingest: LayoutIngest, as digest: Digest) throws(ContentError) {
        do throws(SystemError) {
            try ingest.file.syncData()
            guard let folder = try folder(digest.algorithm, isMade: true) else { return }
            try root.rename(ingest.name, to: digest.hex, in: folder)
            try folder.sync()
        } catch {
            throw LayoutFiles.failure("blob \(digest) cannot be kept in the image layout", error)
        }
    }
}

/// A blob's file, open.
final class LayoutBlob: Sendable {
    let size: Int64
    private let file: File

    init(size: Int64, file: consuming File) {
        self.size = size
        self.file = file
    }

    func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
        do { return try file.read(at: offset, maximumBytes: maximumBytes) } catch {
            throw LayoutFiles.failure("a blob of the image layout cannot be read", error)
        }
    }
}

/// Bytes on their way to become a blob; used by one task at a time.
final class LayoutIngest {
    let file: File
    let name: String
    let root: Directory
    private let hasher: ContentHasher
    private(set) var length: Int64 = 0

    init(file: consuming File, name: String, root: Directory, hasher: ContentHasher) {
        self.file = file
        self.name = name
        self.root = root
        self.hasher = hasher
    }

    func append(_ bytes: [UInt8]) throws(ContentError) {
        do { try file.write(bytes.span) } catch {
            throw LayoutFiles.failure("the image layout cannot take the bytes", error)
        }
        hasher.update(bytes.span)
        length += Int64(bytes.count)
    }

    func finish(_ algorithm: DigestAlgorithm) -> Digest? { Digest(algorithm, hash: hasher.finish()) }

    func abandon() {
        // A file that cannot be removed goes a day later.
        try? root.remove(name)
    }
}
