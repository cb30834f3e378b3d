import Content
import Foundation
import OCIModel
import Posix
import TestSupport
import Testing

@testable import Commands

/// The real ends behind `chartroom copy`: the store, a layout, a registry and a classic repository.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "the program is not built"))
struct MirrorPlacesTests {
    let directory: ScratchDirectory
    let harness = Harness()

    init() throws {
        directory = try ScratchDirectory()
    }

    private func copy(_ source: String, _ destination: String) async -> Harness.Result {
        await harness.run(["copy", source, destination, "--data", directory.path + "/here"])
    }

    private func digest(_ repository: String) throws -> Digest? {
        let name = try RepositoryName(parsing: repository)
        return try harness.registry.holdings(of: name).tags[try Tag(parsing: "1.0.0")]
    }

    @Test("A chart goes from the store through a layout, a registry and a classic repository, and stays what it is")
    func around() async throws {
        let served = try Served(
            ["--listen", "127.0.0.1:0", "--data", directory.path + "/there"], environment: ["HOME": directory.path])
        let url = try served.url()
        let host = url.replacing("http://", with: "")
        try await PackedChart("nginx", "1.0.0").push(
            to: harness.registry, try RepositoryName(parsing: "charts/nginx"))
        let layout = "layout:\(directory.path)/layout"
        for (source, destination) in [
            ("store:charts/nginx:1.0.0", layout), ("\(layout)#charts/nginx", "oci+http://\(host)/m/nginx"),
            ("oci+http://\(host)/m/nginx:1.0.0", "store:again/nginx"),
            ("\(url)/charts/m#nginx:1.0.0", "\(url)/charts/museum"),
            ("\(url)/charts/museum#nginx", "store:classic/nginx"),
        ] {
            let result = await copy(source, destination)
            #expect(result.code == .success, "\(source) -> \(destination): \(result.talk)\(result.output)")
            #expect(result.output.hasPrefix("1 copied, "), "\(source) -> \(destination): \(result.output)")
        }
        let original = try #require(try digest("charts/nginx"))
        #expect(try digest("again/nginx") == original)
        #expect(try digest("classic/nginx") != nil)
        served.signal(SIGTERM)
        #expect(served.wait() == 0)
    }
}
