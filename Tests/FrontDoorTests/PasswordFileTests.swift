import FrontDoor
import ServerSupport
import Testing

@Suite("Password files") struct PasswordFileTests {
    @Test("A password file may have comments, empty lines, either line end, and any order")
    func passwordFile() throws {
        for end in ["\n", "\r\n"] {
            let text = ["# users", "", bobLine, annLine, ""].joined(separator: end)
            #expect(try PasswordFile(parsing: text).users == ["ann", "bob"])
        }
        #expect(try PasswordFile(parsing: "").users == [])
    }

    @Test(
        "A mistake in a password file is told with its line and without the hash",
        arguments: [
            (annLine + "\nnonsense", 2), ("\n\n:hash", 3), ("ann:{SHA}abc", 1), ("ann:$apr1$x$y", 1),
            (annLine + "\n" + annLine, 2), ("ann:plaintext", 1), (annLine + "x", 1),
            ("ann:$2y$31$" + String(repeating: "a", count: 53), 1),
        ])
    func mistakes(text: String, line: Int) {
        let mistake = #expect(throws: PasswordFile.Mistake.self) { try PasswordFile(parsing: text) }
        #expect(mistake?.line == line)
        #expect(mistake?.message.contains("$") == false)
        #expect(mistake?.message.contains("plaintext") == false)
    }
}
