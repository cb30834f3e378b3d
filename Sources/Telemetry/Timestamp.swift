/// Points in time as text.
public enum Timestamp {
    /// RFC 3339 in UTC, with `fractionDigits` (0 to 9) digits behind the second's point; cut, not rounded.
    ///
    /// Any 64-bit count is a time; years beyond 9999 take more digits, years before 0 a sign.
    public static func rfc3339(microseconds: Int64, fractionDigits: Int) -> String {
        let (second, fraction) = floorDivide(microseconds, 1_000_000)
        let (day, secondOfDay) = floorDivide(second, 86_400)
        let date = civilDate(day: day)
        var text = (date.year < 0 ? "-" : "") + padded(abs(date.year), 4) + "-" + padded(date.month, 2)
        text += "-" + padded(date.day, 2) + "T" + padded(secondOfDay / 3600, 2) + ":"
        text += padded(secondOfDay / 60 % 60, 2) + ":" + padded(secondOfDay % 60, 2)
        if fractionDigits > 0 {
            text += "." + (padded(fraction, 6) + "000").prefix(min(fractionDigits, 9))
        }
        return text + "Z"
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01.
    ///
    /// Years run from March, so the leap day is a year's last, and 400 years are 146,097 days: the day of the era
    /// gives the year, the day of the year gives the month.
    private static func civilDate(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(day + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

/// Durations as decimal text, without floating point.
enum Decimal {
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
