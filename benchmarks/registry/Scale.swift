import BenchmarkSupport

/// How much of everything a run does.
struct Scale {
    let tags: Int
    let megabyteBlobs: Int
    let starts: Int
    let tracedPushes: [Int: Int]
    let manyTags: Int
    let manyManifests: Int
    let bigBlobMegabytes: Int
    let memorySeconds: Double

    init(_ options: Options) {
        let isQuick = options.isQuick
        tags = isQuick ? 100 : 1000
        megabyteBlobs = isQuick ? 20 : 200
        starts = isQuick ? 5 : 20
        tracedPushes = isQuick ? [1: 20, 32: 128] : [1: 100, 32: 640]
        manyTags = isQuick ? 5000 : 100_000
        manyManifests = isQuick ? 2000 : 100_000
        bigBlobMegabytes = isQuick ? 128 : 1024
        memorySeconds = isQuick ? 2 : 20
    }
}

extension Session {
    /// How much of everything this run does.
    var scale: Scale { Scale(options) }
}
