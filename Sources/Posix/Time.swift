internal import Glibc

/// Wall-clock time as the store keeps it: microseconds since 1970-01-01 UTC.
public enum WallClock {
    /// Now, in microseconds since 1970.
    public static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
