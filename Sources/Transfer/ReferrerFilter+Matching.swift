extension ReferrerFilter {
    /// Whether referrers of that artifact type are wanted; one without a type counts as of the empty type.
    public func wants(_ artifactType: String?) -> Bool {
        let type = Array((artifactType ?? "").utf8)
        func isNamed(_ patterns: [String]) -> Bool {
            patterns.contains { ReferrerFilter.matches(type[...], Array($0.utf8)[...]) }
        }
        return (include.isEmpty || isNamed(include)) && !isNamed(exclude)
    }

    /// `*` stands for any part, also none; without recursion into more than one star at a time.
    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (text, pattern) = (text, pattern)
        var restart: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while !text.isEmpty || !pattern.isEmpty {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                restart = (text, pattern)
            } else if let byte = text.first, pattern.first == byte {
                text = text.dropFirst()
                pattern = pattern.dropFirst()
            } else if let known = restart, !known.text.isEmpty {
                text = known.text.dropFirst()
                pattern = known.pattern
                restart = (text, pattern)
            } else {
                return false
            }
        }
        return true
    }
}
