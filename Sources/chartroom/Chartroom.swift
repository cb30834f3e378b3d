import Commands

/// The program: everything it does lives in `Commands`.
@main
struct Chartroom {
    static func main() {
        Program.main()
    }
}
