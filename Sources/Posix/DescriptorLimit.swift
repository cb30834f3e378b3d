internal import Glibc

/// How many descriptors this process may have open.
public enum DescriptorLimit {
    /// The soft limit now; a process may raise it up to the hard one.
    public static var current: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }
}
