import ChartArchive
import ChartInspection
import Foundation
import OCIModel
import Testing

/// A big collection of real charts, when the environment names one.
@Suite struct ChartImageCollectionTests {
    static let folder = ProcessInfo.processInfo.environment["CHARTROOM_TEST_CHARTS"].flatMap { $0.isEmpty ? nil : $0 }

    @Test(
        "Every real chart is read, and most that install something name an image",
        .enabled(if: folder != nil, "CHARTROOM_TEST_CHARTS names no folder"))
    func collection() throws {
        let folder = try #require(ChartImageCollectionTests.folder)
        let archives = (FileManager.default.enumerator(atPath: folder)?.allObjects ?? []).compactMap { $0 as? String }
            .filter { $0.hasSuffix(".tgz") }.sorted()
        try #require(!archives.isEmpty)
        var (installing, naming) = (0, 0)
        for path in archives {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path)))
            let tree = try ChartTree(bytes)
            let images = ChartImages(of: tree)
            #expect(images == ChartImages(of: tree), "\(path) gives another answer the second time")
            #expect(images.images.allSatisfy { $0.reference.manifest != nil && !$0.sources.isEmpty }, "\(path)")
            for requirement in ChartRequirement.all(of: tree) where requirement.isVendored {
                #expect(tree.subcharts.contains { $0.name == requirement.name }, "\(path): \(requirement.name)")
            }
            guard tree.values != nil, path.firstRange(of: "-crd") == nil else { continue }
            installing += 1
            if !images.images.isEmpty { naming += 1 }
        }
        #expect(naming * 10 >= installing * 8, "\(naming) of \(installing)")
    }
}
