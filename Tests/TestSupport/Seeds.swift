/// Seeds for `@Test(arguments:)`, which names the failing one: put it into the list and it runs for ever.
public enum Seeds {
    /// A few that never change, and one that was never tried before.
    public static func some(_ known: [UInt64] = [1, 2]) -> [UInt64] {
        known + [UInt64.random(in: 0 ... .max)]
    }
}
