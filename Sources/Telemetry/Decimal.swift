/// Numbers and durations as decimal text, without floating point.
enum Decimal {
    /// Appends a number, with zeros in front up to a width.
    static func append(_ number: Int64, width: Int = 1, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        while rest > 0 || bytes.count - start < width {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    /// Nanoseconds, saturating; negative durations count as 0.
    static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? .max : sum
    }

    /// `nanoseconds / 10^pointAt` with at most `digits` decimals (cut); trailing zeros stay.
    static func text(nanoseconds: Int64, pointAt: Int, digits: Int) -> String {
        var decimals = String(nanoseconds)
        decimals = String(repeating: "0", count: max(0, pointAt + 1 - decimals.utf8.count)) + decimals
        return decimals.dropLast(pointAt) + "." + decimals.suffix(pointAt).prefix(digits)
    }

    /// Seconds with up to nine decimals, trailing zeros dropped: `0.005`, `2`, `1.000000001`.
    static func seconds(nanoseconds: Int64) -> String {
        var characters = Substring(text(nanoseconds: nanoseconds, pointAt: 9, digits: 9))
        while characters.hasSuffix("0") { characters = characters.dropLast() }
        return String(characters.hasSuffix(".") ? characters.dropLast() : characters)
    }
}
