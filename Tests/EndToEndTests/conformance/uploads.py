"""Blobs on their way in: every way to push one, and every way to do it wrong."""
from suite import check, digest_of, expect

ALGORITHMS = ["sha256", "sha512"]
BINARY = {"Content-Type": "application/octet-stream"}
SIZE = 3 * 1024 - 5  # three chunks of at least 1024 bytes, the last one shorter


def chunk(first, last):
    return dict(BINARY, **{"Content-Range": "%d-%d" % (first, last)})


def received(answer):
    """How many bytes the server says it has; `0-0` is also what an empty upload says."""
    field = answer.field("Range") or ""
    expect(field.startswith("0-") and field[2:].isdigit(), "Range is %r" % field)
    return int(field[2:]) + 1


def size_of_chunks(answer, size):
    return max(1024, size // 3 + 1, int(answer.field("OCI-Chunk-Min-Length") or 0))


@check("a blob is pushed with one POST, %s", each=ALGORITHMS)
def post_only(repository, algorithm):
    content = repository.bytes(512)
    digest = digest_of(content, algorithm)
    answer = repository.send("POST", "blobs/uploads/?digest=" + digest, 201, 202, body=content, headers=BINARY)
    if answer.status == 202:
        answer = repository.follow("PUT", answer.field("Location"), 201, body=content, digest=digest, headers=BINARY)
    repository.stored(answer, digest, content)
    repository.has(digest, content)


@check("a single POST needs no second request", "house")
def post_is_enough(repository):
    content = repository.bytes(512)
    repository.send("POST", "blobs/uploads/?digest=" + digest_of(content), 201, body=content, headers=BINARY)


@check("a blob is pushed with POST and PUT, %s", each=ALGORITHMS)
def post_put(repository, algorithm):
    content = repository.bytes(512)
    repository.has(repository.push(content, algorithm), content)


@check("an upload may name its algorithm, %s", "dev", each=ALGORITHMS)
def named_algorithm(repository, algorithm):
    content = repository.bytes(512)
    digest = digest_of(content, algorithm)
    location = repository.start("?digest-algorithm=" + algorithm)
    answer = repository.follow("PATCH", location, 202, body=content, headers=BINARY)
    repository.stored(repository.follow("PUT", answer.field("Location"), 201, digest=digest), digest, content)


@check("an upload with an algorithm nobody knows is refused", "house")
def unknown_algorithm(repository):
    repository.send("POST", "blobs/uploads/?digest-algorithm=md5", 400, codes=["DIGEST_INVALID", "UNSUPPORTED"])


@check("a blob is streamed without a length, %s", each=ALGORITHMS)
def stream(repository, algorithm):
    content = repository.bytes(200_000)
    digest = digest_of(content, algorithm)
    answer = repository.follow("PATCH", repository.start(), 202, body=content, headers=BINARY, streams=True)
    answer = repository.follow("PUT", answer.field("Location"), 201, digest=digest, headers=BINARY)
    repository.stored(answer, digest, content)


@check("a chunk needs no Content-Range", "house")
def bare_chunks(repository):
    content = repository.bytes(SIZE)
    digest, location = digest_of(content), repository.start()
    for first in range(0, SIZE, 1024):
        answer = repository.follow("PATCH", location, 202, body=content[first:first + 1024], headers=BINARY)
        location = answer.field("Location")
    repository.stored(repository.follow("PUT", location, 201, digest=digest), digest, content)


def in_chunks(repository, content, digest, puts_last, goes_wrong, expected=201):
    """Pushes in three chunks; `goes_wrong` sends a chunk from the wrong place before each."""
    answer = repository.send("POST", "blobs/uploads/", 202)
    size, at, location = size_of_chunks(answer, len(content)), 0, answer.field("Location")
    while at < len(content):
        if goes_wrong:
            location = wrong_chunk(repository, location, content, digest, at, size, puts_last)
        end = min(at + size, len(content))
        piece, fields = content[at:end], chunk(at, end - 1)
        if puts_last and end == len(content):
            return repository.follow("PUT", location, expected, body=piece, headers=fields, digest=digest)
        answer = repository.follow("PATCH", location, 202, body=piece, headers=fields)
        expect(received(answer) == end, "after %d bytes the Range is %s" % (end, answer.field("Range")))
        location, at = answer.field("Location"), end
    return repository.follow("PUT", location, expected, headers=BINARY, digest=digest)


def wrong_chunk(repository, location, content, digest, at, size, puts_last):
    """Sends a chunk that skips ahead, or the first one again; then asks where to go on."""
    first = at + size if at + size < len(content) else 0
    last = min(first + size, len(content)) - 1
    piece, fields = content[first:last + 1], chunk(first, last)
    if puts_last and last == len(content) - 1:
        repository.follow("PUT", location, 416, body=piece, headers=fields, digest=digest)
    else:
        repository.follow("PATCH", location, 416, body=piece, headers=fields)
    answer = repository.follow("GET", location, 204)
    expect(at == 0 or received(answer) == at, "%d bytes are there, Range says %s" % (at, answer.field("Range")))
    return answer.field("Location")


CHUNKED = [(a, last, wrong) for a in ALGORITHMS for last in (False, True) for wrong in (False, True)]


@check("a blob is pushed in chunks, (algorithm, last by PUT, out of order): %s", each=CHUNKED)
def chunks(repository, case):
    algorithm, puts_last, goes_wrong = case
    content = repository.bytes(SIZE)
    digest = digest_of(content, algorithm)
    repository.stored(in_chunks(repository, content, digest, puts_last, goes_wrong), digest, content)
    repository.has(digest, content)


@check("a single chunk, then PUT, %s", each=ALGORITHMS)
def one_chunk(repository, algorithm):
    content = repository.bytes(512)
    digest = digest_of(content, algorithm)
    answer = repository.follow("PATCH", repository.start(), 202, body=content, headers=chunk(0, 511))
    repository.stored(repository.follow("PUT", answer.field("Location"), 201, digest=digest), digest, content)


@check("an upload goes on where it stopped")
def resume(repository):
    content = repository.bytes(SIZE)
    digest, location = digest_of(content), repository.start()
    repository.follow("PATCH", location, 202, body=content[:1500], headers=chunk(0, 1499))
    answer = repository.follow("GET", location, 204)
    at = received(answer)
    expect(at == 1500, "1500 bytes were sent, the server has %d" % at)
    answer = repository.follow("PATCH", answer.field("Location"), 202, body=content[at:], headers=chunk(at, SIZE - 1))
    repository.stored(repository.follow("PUT", answer.field("Location"), 201, digest=digest), digest, content)


@check("a chunk over what is there already is refused")
def overlap(repository):
    content, location = repository.bytes(SIZE), repository.start()
    answer = repository.follow("PATCH", location, 202, body=content[:1500], headers=chunk(0, 1499))
    location = answer.field("Location")
    repository.follow("PATCH", location, 416, body=content[1000:2000], headers=chunk(1000, 1999))
    expect(received(repository.follow("GET", location, 204)) == 1500, "the refused chunk moved the upload")


@check("a chunk of another length than its Content-Range is refused", "house")
def wrong_length(repository):
    location = repository.start()
    repository.follow("PATCH", location, 400, 416, body=repository.bytes(1000), headers=chunk(0, 1999))
    repository.follow("PATCH", location, 400, 416, body=repository.bytes(1000), headers=chunk(0, 499))


@check("a Content-Range that is none is refused: %s", "house", each=["500-0", "bytes 0-9/10", "a-b", "-5", "0-"])
def bad_content_range(repository, value):
    fields = dict(BINARY, **{"Content-Range": value})
    repository.follow("PATCH", repository.start(), 400, 416, body=b"0123456789", headers=fields)


@check("a Content-Range beyond all numbers is refused", "house")
def huge_content_range(repository):
    fields = dict(BINARY, **{"Content-Range": "99999999999999999999-99999999999999999999"})
    repository.follow("PATCH", repository.start(), 400, 416, body=b"0", headers=fields)


@check("a cancelled upload is gone", "dev")
def cancel(repository):
    location = repository.start()
    repository.follow("DELETE", location, 204)
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        query = {"digest": digest_of(b"")} if method == "PUT" else {}
        repository.follow(method, location, 404, codes=["BLOB_UPLOAD_UNKNOWN"] if method != "HEAD" else None, **query)


@check("an upload that was never started is unknown: %s", each=["GET", "PATCH", "PUT"])
def unknown_upload(repository, method):
    repository.push(b"so that the repository exists")
    query = "?digest=" + digest_of(b"") if method == "PUT" else ""
    path = "blobs/uploads/9dbbc5f0-1e2b-4e2b-a2b1-2b3c4d5e6f70" + query
    repository.send(method, path, 404, codes=["BLOB_UPLOAD_UNKNOWN"])


@check("a finished upload takes no more", "house")
def finished(repository):
    content, location = repository.bytes(100), repository.start()
    repository.follow("PUT", location, 201, body=content, digest=digest_of(content))
    repository.follow("PATCH", location, 404, body=b"more", codes=["BLOB_UPLOAD_UNKNOWN"])
    repository.follow("PUT", location, 201, 404, body=content, digest=digest_of(content))
    repository.has(digest_of(content), content)


@check("an upload belongs to its repository", "house")
def upload_isolation(repository):
    location = repository.start()
    other = repository.sibling("/other")
    other.push(b"so that the other repository exists")
    expect(repository.name in location, "the Location does not name the repository")
    answer = repository.client.send("GET", location.replace(repository.name, other.name, 1))
    expect(answer.status == 404, "another repository sees the upload: %d" % answer.status)


@check("the Location of an upload is relative", "house")
def relative(repository):
    expect(repository.start().startswith("/v2/"), "it is %s" % repository.start())


BAD = ["post", "post and put", "chunks", "chunks with the last by PUT", "stream"]


@check("other bytes than the digest says are refused, (algorithm, way): %s", each=[
    (algorithm, way) for algorithm in ALGORITHMS for way in BAD])
def bad_digest(repository, case):
    algorithm, way = case
    content = repository.bytes(SIZE)
    digest = digest_of(b"something else", algorithm)
    codes = ["DIGEST_INVALID", "SIZE_INVALID"]
    if way == "post":
        answer = repository.send("POST", "blobs/uploads/?digest=" + digest, 400, 202, body=content, headers=BINARY)
        if answer.status == 202:
            repository.follow("PUT", answer.field("Location"), 400, body=content, digest=digest, codes=codes)
    elif way == "post and put":
        repository.follow("PUT", repository.start(), 400, body=content, digest=digest, headers=BINARY, codes=codes)
    elif way == "stream":
        answer = repository.follow("PATCH", repository.start(), 202, body=content, headers=BINARY, streams=True)
        repository.follow("PUT", answer.field("Location"), 400, digest=digest, codes=codes)
    else:
        answer = in_chunks(repository, content, digest, way != "chunks", False, expected=400)
        expect(set(answer.error_codes()) & set(codes), "the error is %s" % answer.body)
    repository.push(b"so that the repository exists")
    repository.lacks(digest)
    repository.lacks(digest_of(content, algorithm))


MALFORMED = ["sha256:abc", "sha256:" + "g" * 64, "SHA256:" + "a" * 64, "md5:" + "a" * 32, "x", "sha256:" + "A" * 64,
             "sha256:" + "a" * 63, "sha256:" + "a" * 65, "../../etc/passwd", "%00", ""]


@check("a digest that is none is refused at the end of an upload: %s", "house", each=MALFORMED)
def malformed_digest(repository, digest):
    location = repository.start()
    repository.follow("PUT", location, 400, body=b"x", digest=digest, codes=["DIGEST_INVALID", "UNSUPPORTED"])


@check("an upload cannot end without a digest")
def no_digest(repository):
    repository.follow("PUT", repository.start(), 400, body=b"x", codes=["DIGEST_INVALID"])
