import Glibc
import LocalRegistry
import Testing

@Suite("Who may read a store") struct PermissionTests {
    @Test("Nothing in it is for everyone", arguments: ["metadata.sqlite", "metadata.sqlite-wal", "lock", "oci-layout"])
    func modes(_ name: String) throws {
        let fixture = try StoreFixture()
        let registry = try fixture.open()
        defer { registry.close() }
        var status = stat()
        #expect(stat(fixture.path + "/" + name, &status) == 0)
        #expect(status.st_mode & 0o007 == 0)
    }
}
