"""Blobs at rest: reading, ranges, deleting, mounting."""
from suite import check, digest_of, expect

ALGORITHMS = ["sha256", "sha512"]
ALL = {"Content-Type": "application/octet-stream"}


@check("GET /v2/ answers")
def ping(repository):
    answer = repository.client.send("GET", "/v2/")
    expect(answer.status == 200, "200 wanted, got %d" % answer.status)


@check("a blob that was never pushed is unknown, %s", each=ALGORITHMS)
def missing(repository, algorithm):
    repository.push(b"so that the repository exists")
    repository.lacks(digest_of(repository.bytes(64), algorithm))


@check("a blob comes back, %s", each=ALGORITHMS)
def round_trip(repository, algorithm):
    content = repository.bytes(70_000)
    repository.has(repository.push(content, algorithm), content)


@check("the blob {} comes back, %s", each=ALGORITHMS)
def empty_object(repository, algorithm):
    repository.has(repository.push(b"{}", algorithm), b"{}")


@check("the empty blob comes back, %s", each=ALGORITHMS)
def empty(repository, algorithm):
    repository.has(repository.push(b"", algorithm), b"")


@check("blob answers name their digest", "dev")
def digest_header(repository):
    content = repository.bytes(10)
    digest = repository.push(content)
    for method in ("GET", "HEAD"):
        named = repository.send(method, "blobs/" + digest, 200).field("Docker-Content-Digest")
        expect(named == digest, "%s names %s" % (method, named))


@check("a blob belongs to the repository it was pushed to")
def isolation(repository):
    content = repository.bytes(100)
    digest = repository.push(content)
    other = repository.sibling("/other")
    other.push(b"so that the other repository exists")
    other.lacks(digest)


@check("a deleted blob is gone, %s", each=ALGORITHMS)
def delete(repository, algorithm):
    digest = repository.push(repository.bytes(300), algorithm)
    repository.send("DELETE", "blobs/" + digest, 202)
    repository.lacks(digest)
    repository.send("DELETE", "blobs/" + digest, 404, codes=["BLOB_UNKNOWN"])


@check("deleting a blob leaves it to other repositories")
def delete_shared(repository):
    content = repository.bytes(300)
    digest = repository.push(content)
    other = repository.sibling("/other")
    other.push(content)
    repository.send("DELETE", "blobs/" + digest, 202)
    other.has(digest, content)


@check("a deleted blob can be pushed again")
def delete_and_push(repository):
    content = repository.bytes(300)
    digest = repository.push(content)
    repository.send("DELETE", "blobs/" + digest, 202)
    repository.push(content)
    repository.has(digest, content)


RANGES = [
    ("bytes=500-1499", 500, 1499), ("bytes=500-", 500, 2047), ("bytes=-500", 1548, 2047),
    ("bytes=2000-5000", 2000, 2047), ("bytes=0-0", 0, 0), ("bytes=0-4194303", 0, 2047), ("bytes=-5000", 0, 2047),
    ("bytes=2047-", 2047, 2047),
]


@check("a blob answers %s with that part", "1.1", each=RANGES)
def part(repository, wanted):
    header, first, last = wanted
    content = repository.bytes(2048)
    digest = repository.push(content)
    answer = repository.send("GET", "blobs/" + digest, 206, headers={"Range": header})
    expect(answer.body == content[first:last + 1], "these are other bytes")
    expect(answer.field("Content-Length") == str(last - first + 1), "Content-Length is wrong")
    expect(answer.field("Content-Range") == "bytes %d-%d/2048" % (first, last),
           "Content-Range is %s" % answer.field("Content-Range"))


@check("a blob answers %s with 416", "1.1", each=["bytes=500-0", "bytes=5000-10000", "bytes=2048-", "bytes=-0"])
def no_part(repository, header):
    digest = repository.push(repository.bytes(2048))
    statuses = [416] if header != "bytes=500-0" else [416, 200]  # RFC 9110 lets a server ignore an invalid range
    repository.send("GET", "blobs/" + digest, *statuses, headers={"Range": header})


@check("a 416 names the size", "house")
def no_part_size(repository):
    digest = repository.push(repository.bytes(2048))
    answer = repository.send("GET", "blobs/" + digest, 416, headers={"Range": "bytes=5000-10000"})
    expect(answer.field("Content-Range") == "bytes */2048", "Content-Range is %s" % answer.field("Content-Range"))


@check("a range in another unit is ignored", "1.1")
def other_unit(repository):
    content = repository.bytes(2048)
    digest = repository.push(content)
    answer = repository.send("GET", "blobs/" + digest, 200, headers={"Range": "lines=1-2"})
    expect(answer.body == content, "these are other bytes")


@check("several ranges give the whole blob or a part for each", "house")
def several_parts(repository):
    content = repository.bytes(2048)
    digest = repository.push(content)
    answer = repository.send("GET", "blobs/" + digest, 200, 206, headers={"Range": "bytes=0-9,20-29"})
    if answer.status == 206:
        expect(content[:10] in answer.body and content[20:30] in answer.body, "a part is missing")
    else:
        expect(answer.body == content, "these are other bytes")


@check("a blob the client has already is not sent again", "house")
def not_modified(repository):
    digest = repository.push(repository.bytes(2048))
    tag = repository.send("GET", "blobs/" + digest, 200).field("ETag")
    expect(tag, "there is no ETag")
    answer = repository.send("GET", "blobs/" + digest, 304, headers={"If-None-Match": tag})
    expect(answer.body == b"", "304 has a body")


@check("a percent-encoded name and digest mean the same", "house")
def encoded(repository):
    content = repository.bytes(128)
    digest = repository.push(content)
    target = "/v2/%s/blobs/%s" % (repository.name.replace("/", "%2F"), digest.replace(":", "%3A"))
    answer = repository.client.send("GET", target)
    expect(answer.status == 200 and answer.body == content, "got %d" % answer.status)


@check("unknown query parameters are ignored", "house")
def unknown_query(repository):
    digest = repository.push(b"query")
    repository.send("GET", "blobs/%s?api-version=2021-07-01&x=%%00" % digest, 200)


def mounted(repository, digest, content, query):
    answer = repository.send("POST", "blobs/uploads/?mount=%s%s" % (digest, query), 201)
    repository.stored(answer, digest, content)
    repository.has(digest, content)


@check("a blob is mounted from another repository, %s", each=ALGORITHMS)
def mount(repository, algorithm):
    content = repository.bytes(512)
    source = repository.sibling("/source")
    mounted(repository, source.push(content, algorithm), content, "&from=" + source.name)


@check("a blob is mounted without naming its repository, %s", "1.1", each=ALGORITHMS)
def mount_anonymous(repository, algorithm):
    content = repository.bytes(512)
    mounted(repository, repository.sibling("/source").push(content, algorithm), content, "")


@check("a blob is mounted whatever else the query says", "house")
def mount_origin(repository):
    content = repository.bytes(512)
    source = repository.sibling("/source")
    mounted(repository, source.push(content), content, "&from=%s&origin=registry.example" % source.name)


@check("mounting what is not there starts an upload")
def mount_missing(repository):
    content = repository.bytes(512)
    digest = digest_of(content)
    source = repository.sibling("/source")
    source.push(b"so that the source exists")
    answer = repository.send("POST", "blobs/uploads/?mount=%s&from=%s" % (digest, source.name), 202)
    answer = repository.follow("PUT", answer.field("Location"), 201, body=content, digest=digest, headers=ALL)
    repository.stored(answer, digest, content)


@check("mounting from a repository that is not there starts an upload")
def mount_nowhere(repository):
    digest = digest_of(repository.bytes(512))
    repository.send("POST", "blobs/uploads/?mount=%s&from=%s/nowhere" % (digest, repository.name), 202)
