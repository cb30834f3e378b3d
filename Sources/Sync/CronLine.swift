/// A cron line of five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`; in UTC.
///
/// As Vixie cron reads it: when both the day of the month and the day of the week are limited, either is enough; a field
/// that begins with `*` does not count as limited. A single number with a step, `5/15`, goes on to the end of its range.
public struct CronLine: Sendable, Equatable, CustomStringConvertible {
    /// As written.
    public let description: String
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    /// Whether a day must be right by both its fields.
    private let needsBothDays: Bool

    /// Parses a line.
    ///
    /// - Throws: `PatternError` saying which field is wrong, and for a line that never comes, as the 30th of February.
    public init(parsing text: String) throws(PatternError) {
        let words = try CronLine.expanded(text).split { $0 == " " || $0 == "\t" }
        guard words.count == 5 else {
            throw PatternError(
                "a cron line has five fields, minute hour day month weekday; this one has \(words.count)")
        }
        description = text
        minutes = try CronField.minute.read(words[0])
        hours = try CronField.hour.read(words[1])
        days = try CronField.day.read(words[2])
        months = try CronField.month.read(words[3])
        let given = try CronField.weekday.read(words[4])
        weekdays = given & 0x7F | given >> 7
        needsBothDays = [words[2], words[4]].contains { $0.hasPrefix("*") || $0 == "?" }
        guard next(after: 0) != nil else { throw PatternError("there is no such day: this line never comes") }
    }

    /// The first time after another, both in microseconds since 1970; nil when it is more than 50 years away.
    public func next(after time: Int64) -> Int64? {
        guard (-CronLine.latest...CronLine.latest).contains(time) else { return nil }
        let minute = CronLine.floored(time, 60_000_000) + 1
        let first = CronLine.floored(minute, 1440)
        for day in first...first + 50 * 366 where matches(day: day) {
            let start = day == first ? Int(minute - day * 1440) : 0
            guard let found = minuteOfDay(from: start) else { continue }
            return (day * 1440 + Int64(found)) * 60_000_000
        }
        return nil
    }

    /// Far enough, and nothing overflows.
    private static let latest: Int64 = 1 << 58

    private func minuteOfDay(from start: Int) -> Int? {
        for hour in start / 60..<24 where hours >> UInt64(hour) & 1 == 1 {
            let first = hour == start / 60 ? start % 60 : 0
            let rest = minutes >> UInt64(first)
            if rest != 0 { return hour * 60 + first + rest.trailingZeroBitCount }
        }
        return nil
    }

    private func matches(day: Int64) -> Bool {
        let date = CivilDate(daysSince1970: day)
        guard months >> UInt64(date.month) & 1 == 1 else { return false }
        let isDay = days >> UInt64(date.day) & 1 == 1
        // The first of January 1970 was a Thursday.
        let weekday = (day + 4) - CronLine.floored(day + 4, 7) * 7
        let isWeekday = weekdays >> UInt64(weekday) & 1 == 1
        return needsBothDays ? isDay && isWeekday : isDay || isWeekday
    }

    fileprivate static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    private static func expanded(_ text: String) throws(PatternError) -> String {
        guard text.hasPrefix("@") else { return text }
        switch text.lowercased() {
        case "@hourly": return "0 * * * *"
        case "@daily", "@midnight": return "0 0 * * *"
        case "@weekly": return "0 0 * * 0"
        case "@monthly": return "0 0 1 * *"
        case "@yearly", "@annually": return "0 0 1 1 *"
        default: throw PatternError("there are @hourly, @daily, @weekly, @monthly and @yearly, and no other")
        }
    }
}

/// One field of a cron line.
private struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var words: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
    /// 7 is Sunday too.
    static let weekday = CronField(
        name: "weekday", range: 0...7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    /// A bit for each number that is meant.
    func read(_ text: Substring) throws(PatternError) -> UInt64 {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { bits |= try element(part) }
        return bits
    }

    private func element(_ text: Substring) throws(PatternError) -> UInt64 {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { throw mistake(text) }
        var step = 1
        if halves.count == 2 {
            guard let given = CronField.number(halves[1]), given > 0 else { throw mistake(text) }
            step = given
        }
        let span = try span(halves[0], isOpen: halves.count == 2, text)
        return stride(from: span.lowerBound, through: span.upperBound, by: step).reduce(0) { $0 | 1 << UInt64($1) }
    }

    private func span(_ text: Substring, isOpen: Bool, _ whole: Substring) throws(PatternError) -> ClosedRange<Int> {
        // A whole week has seven days, not eight.
        let last = name == "weekday" ? 6 : range.upperBound
        if text == "*" || text == "?" && (name == "day" || name == "weekday") { return range.lowerBound...last }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let low = value(ends[0]) else { throw mistake(whole) }
        if ends.count == 1 { return low...(isOpen ? max(low, last) : low) }
        guard let high = value(ends[1]), low <= high else { throw mistake(whole) }
        return low...high
    }

    private func value(_ text: Substring) -> Int? {
        if let index = words.firstIndex(of: text.lowercased()) { return index + range.lowerBound }
        return CronField.number(text).flatMap { range.contains($0) ? $0 : nil }
    }

    /// Digits only: `+1` is no number here.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    private func mistake(_ text: Substring) -> PatternError {
        PatternError(
            "\"\(text)\" is no \(name): it is \(range.lowerBound) to \(range.upperBound)"
                + (words.isEmpty ? "" : " or \(words[0]) to \(words[words.count - 1])")
                + ", a range a-b, *, or one of them with /step")
    }
}

/// A day of the Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int64
    /// From 1.
    var month: Int
    /// From 1.
    var day: Int

    /// Counts in eras of 400 years that begin with March, so that the leap day is a year's last.
    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = CronLine.floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
