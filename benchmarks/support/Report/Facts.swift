import Glibc

/// Where and on what a run measured.
struct Facts {
    let machine: String
    let commit: String
    let versions: [(String, JSONValue)]
    let command: String

    init(_ options: Options, servers: [Server.Kind], scratch: String) {
        command = options.command
        machine = Facts.machine(scratch)
        let isDirty = Facts.line(of: ["git", "status", "--porcelain", "--untracked-files=no"], scratch) != nil
        commit =
            (Facts.line(of: ["git", "rev-parse", "--short=12", "HEAD"], scratch) ?? "unknown")
            + (isDirty ? "+changes" : "")
        var versions: [(String, JSONValue)] = []
        for kind in servers where !options.without.contains(kind.rawValue) {
            let words =
                switch kind {
                case .chartroom: [options.chartroom, "version"]
                case .nginx: ["nginx", "-v"]
                case .dockerRegistry: ["docker-registry", "--version"]
                }
            let said = Facts.line(of: words, scratch) ?? "unknown"
            versions.append(
                (
                    kind.rawValue,
                    .text(said.split(separator: "/").last?.split(separator: " ").last.map(String.init) ?? said)
                ))
        }
        self.versions = versions
    }

    /// `Intel Xeon …, 2 processors, 23 GB, Linux 6.1.0, ext4`.
    private static func machine(_ scratch: String) -> String {
        let information = (try? readText("/proc/cpuinfo")) ?? ""
        let model =
            information.split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { $0.drop { $0 == " " } } ?? "unknown processor"
        let gigabytes = (sysconf(CInt(_SC_PHYS_PAGES)) * sysconf(CInt(_SC_PAGESIZE))) >> 30
        let kernel = line(of: ["uname", "-r"], scratch) ?? "unknown"
        let fileSystem = line(of: ["findmnt", "-n", "-o", "FSTYPE", "-T", scratch], scratch) ?? "unknown"
        return "\(model), \(MachineLoad.processors) processors, \(gigabytes) GB, Linux \(kernel), \(fileSystem)"
    }

    private static func line(of words: [String], _ scratch: String) -> String? {
        let said = try? Child.output(of: words, in: scratch, milliseconds: 10_000)
        return said?.split(separator: "\n").first.map(String.init)
    }
}
