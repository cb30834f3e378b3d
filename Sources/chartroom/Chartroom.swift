@main
struct Chartroom {
    static func main() {}
}
