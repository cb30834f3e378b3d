package import Glibc

/// What the kernel counts about processes.
package enum ProcessUsage {
    /// A process and all below it.
    package static func family(of number: pid_t) -> [pid_t] {
        let children = (try? readText("/proc/\(number)/task/\(number)/children")) ?? ""
        return [number] + children.split(separator: " ").compactMap { pid_t($0) }.flatMap(family)
    }

    /// Processor time of some processes since each began, ended threads included, in nanoseconds.
    package static func processorTime(of numbers: [pid_t]) -> Int {
        numbers.reduce(0) { sum, number in
            var clock = clockid_t()
            return clock_getcpuclockid(number, &clock) == 0 ? sum + nanoseconds(clock) : sum
        }
    }

    /// A line of `/proc/PID/status`, summed over processes, in bytes: `VmHWM`, `VmRSS`, `RssAnon`.
    package static func memory(_ field: String, of numbers: [pid_t]) -> Int {
        numbers.reduce(0) { sum, number in
            let status = (try? readText("/proc/\(number)/status")) ?? ""
            for line in status.split(separator: "\n") where line.hasPrefix(field + ":") {
                let kilobytes = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) }
                return sum + (kilobytes ?? 0) * 1024
            }
            return sum
        }
    }

    /// Lets `VmHWM` begin anew from what is resident now.
    package static func resetHighWater(of numbers: [pid_t]) {
        for number in numbers { try? writeText("/proc/\(number)/clear_refs", "5") }
    }

    /// Processor time of this process and of the children it has waited for, in nanoseconds.
    package static var own: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
        let children =
            (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000_000
            + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000
        return nanoseconds(CLOCK_PROCESS_CPUTIME_ID) + children
    }
}
