import OCIModel
import Testing

@Suite struct ImageReferenceTests {
    @Test(
        "Images are named in full as Docker does",
        arguments: [
            ("nginx", "docker.io/library/nginx"), ("nginx:1.25", "docker.io/library/nginx:1.25"),
            ("docker.io/nginx:1", "docker.io/library/nginx:1"), ("index.docker.io/a/b:1", "docker.io/a/b:1"),
            ("rancher/agent:v2", "docker.io/rancher/agent:v2"), ("quay.io/a/b:1", "quay.io/a/b:1"),
            ("localhost/a:1", "localhost/a:1"), ("reg:5000/a:1", "reg:5000/a:1"),
            (
                "a@sha256:" + String(repeating: "0", count: 64),
                "docker.io/library/a@sha256:" + String(repeating: "0", count: 64)
            ),
        ])
    func names(text: String, name: String) throws {
        #expect(try Reference(image: text).description == name)
    }

    @Test(
        "What is no image is refused",
        arguments: [
            "", "/a", "A", "a b", "https://x.example/a", "oci://x.example/a", "a:1+2", "{{ .x }}", "a:", "a@b", "a//b",
            "x.example/", String(repeating: "a", count: 600),
        ])
    func refuses(text: String) {
        #expect(throws: OCIParseError.self) { try Reference(image: text) }
    }
}
