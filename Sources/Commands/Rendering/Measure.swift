/// Sizes and times for people.
enum Measure {
    /// `512 B`, `1.5 KiB`, `20.0 GiB`.
    static func size(_ bytes: Int64) -> String {
        guard bytes >= 1024 else { return "\(max(0, bytes)) B" }
        var value = bytes
        var remainder: Int64 = 0
        for unit in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            remainder = value % 1024
            value /= 1024
            if value < 1024 { return "\(value).\(remainder * 10 / 1024) \(unit)" }
        }
        return "\(value) EiB"
    }

    /// `45s`, `2m05s`, `1h02m`.
    static func time(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m\(two(seconds % 60))s" }
        return "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
    }
}
