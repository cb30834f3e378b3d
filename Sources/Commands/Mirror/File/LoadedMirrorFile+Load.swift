import Posix

extension LoadedMirrorFile {
    /// Reads a file; what is wrong with it is in the result.
    ///
    /// - Throws: `.usage` when the file cannot be read at all.
    static func load(_ path: String, _ reading: MirrorFileReading) throws(CommandError) -> LoadedMirrorFile {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.contents(of: path, maximumBytes: maximumBytes)
        } catch {
            throw CommandError(
                .usage, "the mirror file cannot be read: \(error)",
                hints: error.isNotFound ? ["name one, or write mirror.yaml"] : [])
        }
        return decode(bytes, path: path, reading)
    }

    /// Understands the bytes of a file; `path` is for messages and relative paths.
    static func decode(_ bytes: [UInt8], path: String, _ reading: MirrorFileReading) -> LoadedMirrorFile {
        var loaded = LoadedMirrorFile(path: path)
        switch reading.format {
        case .chartroom:
            var decoder = MirrorFileDecoder(path: path, environment: reading.environment)
            decoder.decode(bytes)
            loaded.file = decoder.file
            loaded.origins = decoder.origins
            loaded.mistakes = decoder.mistakes
            loaded.add(MirrorFileCheck(loaded, decoder.entries, reading.environment))
        case .regsync:
            var reader = RegsyncReader(ForeignFile(path: path, reading))
            reader.read(bytes)
            loaded.take(reader.foreign, reading)
        case .skopeo:
            var reader = SkopeoReader(ForeignFile(path: path, reading))
            reader.read(bytes)
            loaded.take(reader.foreign, reading)
        }
        loaded.mistakes = loaded.mistakes.inOrder
        loaded.warnings = loaded.warnings.inOrder
        loaded.leftOut = loaded.leftOut.inOrder
        return loaded
    }

    private mutating func add(_ check: MirrorFileCheck) {
        mistakes += check.mistakes
        warnings += check.warnings
    }

    private mutating func take(_ foreign: ForeignFile, _ reading: MirrorFileReading) {
        file = foreign.file
        origins = foreign.origins
        mistakes = foreign.mistakes
        leftOut = foreign.leftOut
        add(MirrorFileCheck(self, [], reading.environment))
    }
}
