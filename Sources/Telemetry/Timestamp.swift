/// Points in time as text.
public enum Timestamp {
    /// RFC 3339 in UTC, with `fractionDigits` (0 to 9) digits behind the second's point; cut, not rounded.
    ///
    /// Any 64-bit count is a time; years beyond 9999 take more digits, years before 0 a sign.
    public static func rfc3339(microseconds: Int64, fractionDigits: Int) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(microseconds: microseconds, fractionDigits: fractionDigits, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what `rfc3339` gives.
    static func append(microseconds: Int64, fractionDigits: Int, to bytes: inout [UInt8]) {
        let (second, fraction) = floorDivide(microseconds, 1_000_000)
        let (day, secondOfDay) = floorDivide(second, 86_400)
        let date = civilDate(day: day)
        if date.year < 0 { bytes.append(UInt8(ascii: "-")) }
        Decimal.append(abs(date.year), width: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Decimal.append(date.month, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Decimal.append(date.day, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Decimal.append(secondOfDay / 3600, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Decimal.append(secondOfDay / 60 % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Decimal.append(secondOfDay % 60, width: 2, to: &bytes)
        if fractionDigits > 0 {
            bytes.append(UInt8(ascii: "."))
            let end = bytes.count + min(fractionDigits, 9)
            Decimal.append(fraction * 1000, width: 9, to: &bytes)
            bytes.removeLast(bytes.count - end)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
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
