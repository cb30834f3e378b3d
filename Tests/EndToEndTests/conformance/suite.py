"""What checks are made of: their register, their failures, and a repository of their own."""
import hashlib
import random
import re
import urllib.parse

LEVELS = ["1.0", "1.1", "dev", "house"]
CHECKS = []


class Failure(Exception):
    """The registry answered wrong."""


class Check:
    def __init__(self, name, level, body, arguments, needs_sparse):
        self.name, self.level, self.body = name, level, body
        self.arguments, self.needs_sparse = arguments, needs_sparse


def check(name, level="1.0", each=None, needs_sparse=False):
    """Registers a check; `each` runs it once for every value, whose text goes into the name's %s."""
    def register(body):
        if each is None:
            CHECKS.append(Check(name, level, body, (), needs_sparse))
        for value in each or ():
            CHECKS.append(Check(name % (value,), level, body, (value,), needs_sparse))
        return body
    return register


def expect(condition, message):
    if not condition:
        raise Failure(message)


def digest_of(content, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, content).hexdigest()


class Repository:
    """A repository that belongs to one check, the requests about it and their plain expectations."""

    def __init__(self, client, name, seed):
        self.client, self.name = client, name
        self.random = random.Random(seed)
        self.seed = seed

    def sibling(self, suffix):
        return Repository(self.client, self.name + suffix, self.seed + 1_000_000)

    def bytes(self, count):
        return self.random.randbytes(count)

    # Requests

    def send(self, method, path, *expected, body=None, headers=None, streams=False, codes=None):
        """Sends to a path of the repository; fails unless the status is one of `expected`."""
        answer = self.client.send(method, "/v2/%s/%s" % (self.name, path), body, headers, streams)
        return self.judge(answer, "%s %s" % (method, path[:100]), expected, codes)

    def follow(self, method, location, *expected, body=None, headers=None, streams=False, codes=None, **query):
        """Sends to a Location, whose own query is kept."""
        expect(location, "there is no Location to follow")
        if query:
            location += ("&" if "?" in location else "?") + urllib.parse.urlencode(query)
        answer = self.client.send(method, location, body, headers, streams)
        return self.judge(answer, "%s of the upload" % method, expected, codes)

    @staticmethod
    def judge(answer, what, expected, codes):
        if expected and answer.status not in expected:
            raise Failure("%s: %s wanted, got %d %s" % (
                what, " or ".join(map(str, expected)), answer.status, answer.body[:200].decode("latin1")))
        if codes and answer.status >= 400 and not set(answer.error_codes()) & set(codes):
            raise Failure("%s: %s wanted, got %s" % (what, " or ".join(codes), answer.body[:200].decode("latin1")))
        for code in answer.error_codes() if answer.status >= 400 else ():
            expect(re.fullmatch("[A-Z_]+", code), "%s: %r is no error code" % (what, code))
        return answer

    # Blobs

    def start(self, query=""):
        answer = self.send("POST", "blobs/uploads/" + query, 202)
        expect(answer.field("Location"), "a new upload has no Location")
        return answer.field("Location")

    def push(self, content, algorithm="sha256"):
        digest = digest_of(content, algorithm)
        answer = self.follow("PUT", self.start(), 201, body=content, digest=digest,
                             headers={"Content-Type": "application/octet-stream"})
        return self.stored(answer, digest, content)

    def stored(self, answer, digest, content):
        """Checks a 201 for a blob: the digest it names, and that its Location leads to the bytes."""
        named = answer.field("Docker-Content-Digest")
        expect(named in (None, digest), "201 names the digest %s, not %s" % (named, digest))
        expect(answer.field("Location"), "201 has no Location")
        got = self.client.send("GET", answer.field("Location"))
        expect(got.status == 200 and got.body == content, "the Location of the 201 does not lead to the blob")
        return digest

    def has(self, digest, content):
        """Checks HEAD and GET of a blob."""
        head = self.send("HEAD", "blobs/" + digest, 200)
        got = self.send("GET", "blobs/" + digest, 200)
        expect(head.body == b"", "HEAD of a blob has a body")
        expect(got.body == content, "the blob came back as other bytes")
        for answer in (head, got):
            expect(answer.field("Content-Length") == str(len(content)), "the blob's Content-Length is %s, not %d" % (
                answer.field("Content-Length"), len(content)))
            expect(answer.field("Docker-Content-Digest") in (None, digest), "the blob's digest header is wrong")

    def lacks(self, digest):
        self.send("HEAD", "blobs/" + digest, 404)
        self.send("GET", "blobs/" + digest, 404, codes=["BLOB_UNKNOWN"])

    # Manifests

    def put(self, reference, content, media_type, *expected, query="", codes=None):
        return self.send("PUT", "manifests/%s%s" % (reference, query), *(expected or (201,)), body=content,
                         headers={"Content-Type": media_type}, codes=codes)
