internal import Content

extension Survey {
    /// Adds what the selected charts need: charts they depend on, and images.
    func bringAlong(_ facts: inout MirrorFacts) async {
    }
}
