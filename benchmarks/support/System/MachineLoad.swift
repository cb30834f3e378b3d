package import Glibc

/// How busy the machine is with work that is not the benchmark's.
package struct MachineLoad {
    private let time = nanoseconds()
    private let busy: Int
    private let ours: Int

    /// Notes where the counters stand.
    package init(servers: [pid_t]) {
        busy = MachineLoad.busyTime() - MachineLoad.kernelThreadTime()
        ours = ProcessUsage.own + ProcessUsage.processorTime(of: servers)
    }

    /// The share of all processors that others took since an earlier note, 0 to 1.
    ///
    /// Kernel threads (writing back, the journal) count as ours: our servers make their work. Steal counts as others'.
    package func othersShare(since start: MachineLoad) -> Double {
        let elapsed = (time - start.time) * MachineLoad.processors
        guard elapsed > 0 else { return 0 }
        return max(0, Double((busy - start.busy) - (ours - start.ours)) / Double(elapsed))
    }

    package static var processors: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

    private static let tick = 1_000_000_000 / max(1, sysconf(CInt(_SC_CLK_TCK)))

    /// user, nice, system, irq, softirq and steal of the first line of `/proc/stat`.
    private static func busyTime() -> Int {
        let line = ((try? readText("/proc/stat")) ?? "").prefix { $0 != "\n" }
        let fields = line.split(separator: " ").dropFirst().compactMap { Int($0) }
        guard fields.count >= 8 else { return 0 }
        return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]) * tick
    }

    /// user and system of every child of kthreadd, process 2.
    private static func kernelThreadTime() -> Int {
        guard let directory = opendir("/proc") else { return 0 }
        defer { closedir(directory) }
        var ticks = 0
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard pid_t(name) != nil, let line = try? readText("/proc/\(name)/stat") else { continue }
            guard let end = line.lastIndex(of: ")") else { continue }
            let fields = line[line.index(after: end)...].split(separator: " ")
            guard fields.count > 12, fields[1] == "2" else { continue }
            ticks += (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
        }
        return ticks * tick
    }
}
