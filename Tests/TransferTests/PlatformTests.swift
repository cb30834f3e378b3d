import Testing
import Transfer

@Suite struct PlatformTests {
    @Test("A platform reads as it is written", arguments: ["linux/amd64", "linux/arm/v7"]) func reads(text: String) {
        #expect(Platform(text)?.description == text)
    }

    @Test("Anything else is none", arguments: ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v7"])
    func refuses(text: String) {
        #expect(Platform(text) == nil)
    }
}
