import Posix
import Sync

extension Invocation {
    /// Writes what makes a cluster use the images of plans below `--images-out`, a directory for each mirror.
    func writeImageFiles(_ plans: [MirrorPlan]) throws(CommandError) {
        guard let root = arguments["images-out"] else {
            if arguments["store-host"] != nil { throw CommandError(.usage, "--store-host needs --images-out") }
            return
        }
        for plan in plans {
            let files = ClosureFiles.files(of: plan, storeHost: arguments["store-host"])
            // A mirror may be called by dots alone.
            let isPlain = plan.mirror.utf8.contains { $0 != UInt8(ascii: ".") }
            let directory = root + "/" + (isPlain ? plan.mirror : "mirror")
            for file in files { try ImageFiles.write(file.text, to: directory + "/" + file.path) }
            console.talk("wrote \(files.count) files to \(Printable.text(directory))")
        }
    }
}

private enum ImageFiles {
    static func write(_ text: String, to path: String) throws(CommandError) {
        do throws(SystemError) {
            let slash = path.lastIndex(of: "/") ?? path.startIndex
            // The directories on the way are made; they are nothing to be kept open.
            _ = try Directory(creating: String(path[..<slash]))
            let file = try AtomicFile(path: path)
            try file.write(Array(text.utf8))
            try file.commit()
        } catch {
            throw CommandError(error)
        }
    }
}
