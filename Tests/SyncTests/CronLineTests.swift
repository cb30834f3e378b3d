import TestSupport
import Testing

@testable import Sync

@Suite struct CronLineTests {
    /// Microseconds of `days` after 1970 and a time of day.
    static func time(_ days: Int64, _ hour: Int64 = 0, _ minute: Int64 = 0) -> Int64 {
        (days * 1440 + hour * 60 + minute) * 60_000_000
    }

    /// 2026-11-21, a Saturday.
    static let saturday: Int64 = 20_778

    @Test(
        "A line says when it comes next",
        arguments: [
            ("0 3 * * *", time(saturday, 2, 59), time(saturday, 3)),
            ("0 3 * * *", time(saturday, 3), time(saturday + 1, 3)),
            ("*/15 * * * *", time(saturday, 3, 50), time(saturday, 4)),
            ("5/20 * * * *", time(saturday, 3, 26), time(saturday, 3, 45)),
            ("0 0 * * MON-FRI", time(saturday), time(saturday + 2)),
            ("0 0 * * 7", time(saturday), time(saturday + 1)),
            ("30 12 1 JAN *", time(saturday), time(saturday + 41, 12, 30)),
            // Either day is enough: the 25th comes before the next Friday.
            ("0 0 25 * FRI", time(saturday), time(saturday + 4)),
            ("0 0 28 * TUE", time(saturday), time(saturday + 3)),
            ("@hourly", time(saturday, 5, 1), time(saturday, 6)),
            ("@daily", time(saturday), time(saturday + 1)),
            ("@weekly", time(saturday), time(saturday + 1)),
            ("@monthly", time(saturday), time(saturday + 10)),
            ("@yearly", time(saturday), time(saturday + 41)),
            // 2028-02-29.
            ("0 0 29 2 *", time(saturday), time(21_243)),
            ("* * * * *", -1, 0),
        ])
    func next(text: String, time: Int64, expected: Int64) throws {
        #expect(try CronLine(parsing: text).next(after: time) == expected)
    }

    @Test(
        "What is no line is refused",
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *", "1,,2 * * * *", "a * * * *", "+1 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "? * * * *",
            "0 0 30 2 *", "0 0 31 4,6 *", "@reboot", "@every 1h", "* * * foo *", "99999999999999999999 * * * *",
        ])
    func refuses(text: String) {
        #expect(throws: PatternError.self) { try CronLine(parsing: text) }
    }

    @Test("A mistake names the field and what it may be")
    func message() throws {
        let error = #expect(throws: PatternError.self) { try CronLine(parsing: "0 0 * * FUN") }
        #expect(
            error?.description
                == "\"FUN\" is no weekday: it is 0 to 7 or sun to sat, a range a-b, *, or one of them with /step")
    }

    @Test("A time out of every calendar has no next")
    func extremes() throws {
        let line = try CronLine(parsing: "@daily")
        #expect(line.next(after: .max) == nil)
        #expect(line.next(after: .min) == nil)
    }

    @Test("Days follow each other as the calendar has them, through leap years and centuries")
    func calendar() {
        var (year, month, day) = (Int64(1899), 12, 31)
        for number in Int64(-25_567)...Int64(50_000) {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
            let date = CivilDate(daysSince1970: number)
            guard (date.year, date.month, date.day) == (year, month, day) else {
                Issue.record("day \(number) is \(date), not \(year)-\(month)-\(day)")
                return
            }
        }
    }

    /// The fields of a seeded line, as numbers and as text.
    private struct Drawn {
        var text: String
        var values: Set<Int>
        var beginsWithStar: Bool

        init(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) {
            let step = Int.random(in: 1...7, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: (text, values, beginsWithStar) = ("*", Set(range), true)
            case 1:
                let last = range.upperBound == 7 ? 6 : range.upperBound
                (text, values, beginsWithStar) = (
                    "*/\(step)", Set(stride(from: range.lowerBound, through: last, by: step)), true
                )
            case 2:
                let ends = [Int.random(in: range, using: &random), Int.random(in: range, using: &random)].sorted()
                text = "\(ends[0])-\(ends[1])/\(step)"
                values = Set(stride(from: ends[0], through: ends[1], by: step))
                beginsWithStar = false
            default:
                let list = (0..<3).map { _ in Int.random(in: range, using: &random) }
                (text, values, beginsWithStar) = (list.map(String.init).joined(separator: ","), Set(list), false)
            }
        }
    }

    @Test("The next time is the one a walk from minute to minute finds", arguments: Seeds.some())
    func walk(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let minute = Drawn(0...59, &random)
            let hour = Drawn(0...23, &random)
            let day = Drawn(1...31, &random)
            let month = Drawn(1...12, &random)
            let weekday = Drawn(0...7, &random)
            let text = [minute, hour, day, month, weekday].map(\.text).joined(separator: " ")
            guard let line = try? CronLine(parsing: text) else { continue }
            let start = Int64.random(in: 0..<60_000_000, using: &random)
            var expected: Int64?
            for at in (start + 1)..<(start + 40 * 1440) {
                let date = CivilDate(daysSince1970: at / 1440)
                let wanted = Int((at / 1440 + 4) % 7)
                let isWeekday = weekday.values.contains(wanted) || wanted == 0 && weekday.values.contains(7)
                let isDay = day.values.contains(date.day)
                let matchesDay =
                    day.beginsWithStar || weekday.beginsWithStar ? isDay && isWeekday : isDay || isWeekday
                guard matchesDay, month.values.contains(date.month), hour.values.contains(Int(at % 1440 / 60)),
                    minute.values.contains(Int(at % 60))
                else { continue }
                expected = at
                break
            }
            let found = line.next(after: start * 60_000_000 + 59_999_999)
            if let expected {
                #expect(found == expected * 60_000_000, "\(text) after minute \(start)")
            } else {
                #expect(found.map { $0 >= (start + 40 * 1440) * 60_000_000 } ?? true, "\(text) after minute \(start)")
            }
        }
    }
}
