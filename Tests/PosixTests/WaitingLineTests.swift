import Testing

@testable import Posix

@Suite struct WaitingLineTests {
    @Test("First come, first served") func order() {
        var line = WaitingLine<Int>()
        #expect(line.popFirst() == nil)
        var (given, taken) = (0, 0)
        for round in 0..<5000 {
            for _ in 0..<(round % 7) {
                line.append(given)
                given += 1
            }
            for _ in 0..<(round % 5) where taken < given {
                #expect(line.popFirst() == taken)
                taken += 1
            }
            #expect(line.count == given - taken)
        }
        while let number = line.popFirst() {
            #expect(number == taken)
            taken += 1
        }
        #expect(taken == given)
    }

    @Test("A line that never runs empty keeps no room for those who left") func bounded() {
        var line = WaitingLine<Int>()
        for number in 0..<10 { line.append(number) }
        for number in 10..<200_000 {
            line.append(number)
            #expect(line.popFirst() == number - 10)
        }
        #expect(line.count == 10)
        #expect(line.capacity < 10_000)
    }
}
