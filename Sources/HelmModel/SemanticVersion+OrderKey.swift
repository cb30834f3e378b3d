extension SemanticVersion {
    /// Bytes that compare as versions do: `<` of the keys, byte by byte, is `<` of the versions.
    ///
    /// A key that is the beginning of another comes first, as in SQLite and `memcmp`. Two versions share a key only
    /// when they are equal. Layout: major, minor and patch with 8 bytes each, the highest first; then `FF` for a
    /// release, or for each pre-release identifier `01`, four bytes of length and the digits when it is a number, or
    /// `02`, its characters and `00`, and a `00` behind the last; then the characters of the build metadata.
    public var orderKey: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(25 + 8 * prerelease.count + build.utf8.count)
        for number in [major, minor, patch] { SemanticVersion.append(number, bytes: 8, to: &key) }
        if prerelease.isEmpty { key.append(0xFF) }
        for identifier in prerelease {
            if SemanticVersion.isNumber(identifier) {
                // Without leading zeros the longer number is the greater one.
                key.append(0x01)
                SemanticVersion.append(UInt64(identifier.utf8.count), bytes: 4, to: &key)
                key += identifier.utf8
            } else {
                key.append(0x02)
                key += identifier.utf8
                key.append(0x00)
            }
        }
        if !prerelease.isEmpty { key.append(0x00) }
        key += build.utf8
        return key
    }

    private static func append(_ number: UInt64, bytes: Int, to key: inout [UInt8]) {
        for position in (0..<bytes).reversed() { key.append(UInt8(truncatingIfNeeded: number >> (8 * position))) }
    }
}
