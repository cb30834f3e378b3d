internal import Glibc

/// What a process knows of itself.
public enum ProcessControl {
    /// The environment as it is now; names that are no UTF-8 are repaired.
    public static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }

    /// The process's number.
    public static var identifier: Int32 { getpid() }

    /// The effective user's number; 0 is root.
    public static var userIdentifier: UInt32 { geteuid() }

    /// The working directory, or `.` when it is gone.
    public static func workingDirectory() -> String {
        guard let text = getcwd(nil, 0) else { return "." }
        defer { free(text) }
        return String(cString: text)
    }

    /// Ends the process at once, without running what was registered for its end.
    public static func exit(_ code: Int32) -> Never { _exit(code) }

    /// Makes writing to a closed pipe or connection an error instead of the process's end.
    public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
