"""What must be refused, and how."""
import json

from samples import IMAGE, INDEX, Graph
from suite import check, digest_of, expect

LIMIT = 4 << 20


def image(repository):
    """A manifest whose blobs are there: type, bytes, digest."""
    graph = Graph(repository)
    digest = graph.image()["digest"]
    for content in graph.blobs.values():
        repository.push(content)
    return graph.manifests[digest] + (digest,)


@check("an unknown manifest is unknown, by digest and by tag")
def unknown(repository):
    image(repository)
    for reference in ("nobody", digest_of(repository.bytes(9))):
        repository.send("HEAD", "manifests/" + reference, 404)
        repository.send("GET", "manifests/" + reference, 404, codes=["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])
        repository.send("DELETE", "manifests/" + reference, 404, codes=["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])


@check("a manifest under a digest that is none is refused")
def malformed_digest(repository):
    media_type, content, _ = image(repository)
    repository.put("sha256:baddigeststring", content, media_type, 400, codes=["DIGEST_INVALID", "MANIFEST_INVALID"])
    repository.send("GET", "manifests/sha256:baddigeststring", 400, 404)


@check("a manifest under another digest is refused")
def other_digest(repository):
    media_type, content, digest = image(repository)
    repository.put(digest, content + b"  ", media_type, 400, codes=["DIGEST_INVALID", "MANIFEST_INVALID"])
    repository.send("HEAD", "manifests/" + digest, 404)


@check("a manifest names every blob that is missing", "house")
def missing_blobs(repository):
    graph = Graph(repository)
    digest = graph.image()["digest"]
    repository.push(b"so that the repository exists")
    media_type, content = graph.manifests[digest]
    answer = repository.put("x", content, media_type, 400, 404, codes=["MANIFEST_BLOB_UNKNOWN"])
    for missing in graph.blobs:
        expect(missing in answer.body.decode(), "%s is not named in %s" % (missing, answer.body))


@check("an index whose manifests are missing is refused unless that is allowed", "house")
def missing_manifests(repository):
    graph = Graph(repository)
    absent = graph.descriptor(IMAGE, repository.bytes(9))
    content = graph.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [absent]})
    repository.push(b"so that the repository exists")
    repository.put("x", content, INDEX, 201, 400, 404, codes=["MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"])


BROKEN = {
    "no JSON": b"not json", "nothing": b"", "cut": b'{"schemaVersion":2,"config":', "an array": b"[]",
    "a number": b"1", "deep": b"[" * 100_000 + b"]" * 100_000, "not UTF-8": b'{"schemaVersion":2,"a":"\xff\xfe"}',
    "two documents": b"{}{}", "NUL": b"\x00" * 100,
}


@check("what is no manifest is refused: %s", "1.0", each=BROKEN)
def broken(repository, name):
    repository.push(b"so that the repository exists")
    repository.put("x", BROKEN[name], IMAGE, 400, codes=["MANIFEST_INVALID"])


@check("a manifest whose fields are of other kinds is refused: %s", "house", each=[
    "config", "layers", "digest", "size", "negative size", "huge size", "schemaVersion"])
def wrong_kinds(repository, field):
    media_type, content, _ = image(repository)
    value = json.loads(content)
    if field == "config":
        value["config"] = 7
    elif field == "layers":
        value["layers"] = {"a": 1}
    elif field == "digest":
        value["config"]["digest"] = "sha256:xyz"
    elif field == "schemaVersion":
        value["schemaVersion"] = 1
    else:
        value["config"]["size"] = {"size": "12", "negative size": -1, "huge size": 10 ** 30}[field]
    repository.put("x", json.dumps(value).encode(), media_type, 400, codes=["MANIFEST_INVALID", "DIGEST_INVALID",
                                                                          "SIZE_INVALID", "MANIFEST_BLOB_UNKNOWN"])


@check("a manifest of 4 MiB is taken, one byte more is refused", "house")
def too_large(repository):
    media_type, content, _ = image(repository)
    for size, status in ((LIMIT, 201), (LIMIT + 1, 413)):
        padded = content + b" " * (size - len(content))
        repository.put("x", padded, media_type, status)


@check("a Content-Type that contradicts mediaType is refused", "house")
def wrong_type(repository):
    media_type, content, _ = image(repository)
    repository.put("x", content, INDEX, 400, codes=["MANIFEST_INVALID"])


BAD_TAGS = ["-x", ".x", "a%20b", "a%2Bb", "%C3%A9", "a" * 129, "%00", "a%00b"]


@check("a tag that is none is refused: %s", "house", each=BAD_TAGS)
def bad_tag(repository, tag):
    media_type, content, _ = image(repository)
    repository.put(tag, content, media_type, 400, 404)
    repository.send("GET", "manifests/" + tag, 400, 404)


BAD_NAMES = ["Upper", "a%2F%2Fb", "a%20b", "-a", "a_", "a..b", "a%2F..%2Fb", "..", "%2E%2E%2Fetc", "a%00b", "a" * 300,
             "a___b", "%C3%A9", "a%5Cb"]


@check("a repository name that is none is refused: %s", "1.0", each=BAD_NAMES)
def bad_name(repository, name):
    answer = repository.client.send("POST", "/v2/%s/blobs/uploads/" % name)
    expect(answer.status in (400, 404), "POST answers %d" % answer.status)
    answer = repository.client.send("GET", "/v2/%s/tags/list" % name)
    expect(answer.status in (400, 404), "GET answers %d" % answer.status)


@check("a path of 10,000 characters is refused", "1.0")
def long_path(repository):
    answer = repository.client.send("GET", "/v2/%s/tags/list" % ("a/" * 5000 + "a"))
    expect(answer.status in (400, 404, 414), "got %d" % answer.status)


@check("a path that is no route is not found: %s", "1.0", each=[
    "/v2/a/unknown/b", "/v2/a/blobs/", "/v2/a/manifests/", "/v3/", "/v2/../v2/", "/v2//tags/list"])
def no_route(repository, target):
    answer = repository.client.send("GET", target)
    expect(answer.status in (400, 404, 405), "got %d" % answer.status)


METHODS = [("POST", "manifests/x"), ("PATCH", "manifests/x"), ("PUT", "tags/list"), ("DELETE", "tags/list"),
           ("POST", "referrers/" + digest_of(b"")), ("PUT", "blobs/" + digest_of(b"")), ("FROB", "tags/list")]


@check("a method that is none of the path's is refused: %s", "house", each=METHODS)
def bad_method(repository, case):
    method, path = case
    image(repository)
    repository.send(method, path, 405, 501, 404)


@check("an error body is JSON and says so", "1.0")
def error_body(repository):
    answer = repository.send("GET", "manifests/nobody", 404)
    error = answer.json()["errors"][0]
    expect(set(error) <= {"code", "message", "detail"}, "it has the fields %s" % sorted(error))
    expect(error["code"] and isinstance(error.get("message", ""), str), "code or message is wrong")
    expect((answer.field("Content-Type") or "").startswith("application/json"), "its type is %s" % answer.field(
        "Content-Type"))
