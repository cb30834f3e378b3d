"""Manifests: each shape in, listed, read by tag and digest, found by its subject, and out again."""
import json

import samples
from samples import IMAGE, INDEX, Graph
from suite import check, digest_of, expect

ACCEPT = {"Accept": "%s, %s, %s, %s" % (INDEX, IMAGE, samples.DOCKER_IMAGE, samples.DOCKER_LIST)}

SHAPES = {
    "image": (samples.plain_image, {}), "uncompressed layers": (samples.uncompressed, {}),
    "3.9 MB of annotations": (samples.large, {}), "index": (samples.index, {}), "nested index": (samples.nested, {}),
    "empty index": (samples.empty_index, {}), "artifact": (samples.artifact, {}),
    "artifact index": (samples.artifact_index, {}), "artifact without layers": (samples.artifact_without_layers, {}),
    "data in descriptors": (samples.plain_image, {"with_data": True}), "foreign layers": (samples.foreign_layers, {}),
    "unknown fields": (samples.index, {"extra": True}), "no layers": (samples.no_layers, {}),
    "Docker's types": (samples.docker, {}), "chart": (samples.chart, {}),
    "index of SHA-512": (samples.index, {"algorithm": "sha512"}),
}
SUBJECTS = {
    "with a subject": (samples.with_subject, {}), "index with a subject": (samples.index_with_subject, {}),
    "with a missing subject": (samples.missing_subject, {}),
    "SHA-512 with a subject": (samples.with_subject, {"algorithm": "sha512"}),
}


def push(graph, tags=True):
    """Pushes blobs, then manifests by digest, then tags; checks every 201."""
    repository = graph.repository
    for content in graph.blobs.values():
        repository.push(content, graph.algorithm)
    for digest, (media_type, content) in graph.manifests.items():
        verify(repository, repository.put(digest, content, media_type), digest, media_type, content)
    # A tag of a manifest under another algorithm needs ?tag=: a PUT by tag says SHA-256.
    for tag, digest in graph.tags.items() if tags else ():
        media_type, content = graph.manifests[digest]
        if graph.algorithm == "sha256":
            verify(repository, repository.put(tag, content, media_type), digest, media_type, content)
        else:
            repository.put(digest, content, media_type, query="?tag=" + tag)


def verify(repository, answer, digest, media_type, content):
    expect(answer.field("Docker-Content-Digest") in (None, digest), "201 names another digest")
    expect(answer.field("Location"), "201 has no Location")
    got = repository.client.send("GET", answer.field("Location"), headers=ACCEPT)
    expect(got.status == 200 and got.body == content, "the Location of the 201 does not lead to the manifest")
    named = json.loads(content).get("subject", {}).get("digest")
    if named:
        expect(answer.field("OCI-Subject") == named, "OCI-Subject is %s" % answer.field("OCI-Subject"))


def has(repository, reference, digest, media_type, content):
    for method in ("HEAD", "GET"):
        answer = repository.send(method, "manifests/" + reference, 200, headers=ACCEPT)
        expect(answer.body == (content if method == "GET" else b""), "%s has another body" % method)
        expect(answer.field("Content-Type") == media_type, "%s: type %s" % (method, answer.field("Content-Type")))
        expect(answer.field("Content-Length") == str(len(content)), "%s has another length" % method)
        expect(answer.field("Docker-Content-Digest") in (None, digest), "%s names another digest" % method)


def read_back(graph):
    repository = graph.repository
    for digest, (media_type, content) in graph.manifests.items():
        has(repository, digest, digest, media_type, content)
    for tag, digest in graph.tags.items():
        media_type, content = graph.manifests[digest]
        has(repository, tag, digest, media_type, content)
    for digest, content in graph.blobs.items():
        repository.has(digest, content)
    listed = repository.send("GET", "tags/list", 200).json()["tags"]
    expect(sorted(graph.tags) == listed, "the tags are %s" % listed)


def delete(graph):
    repository = graph.repository
    for tag, digest in graph.tags.items():
        repository.send("DELETE", "manifests/" + tag, 202)
        repository.send("GET", "manifests/" + tag, 404, codes=["MANIFEST_UNKNOWN"])
        repository.send("HEAD", "manifests/" + digest, 200, headers=ACCEPT)
    for digest in reversed(list(graph.manifests)):
        repository.send("DELETE", "manifests/" + digest, 202)
        repository.send("GET", "manifests/" + digest, 404, codes=["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])
    for digest in graph.blobs:
        repository.send("DELETE", "blobs/" + digest, 202)
        repository.lacks(digest)


@check("manifest round trip: %s", each=SHAPES)
def round_trip(repository, name):
    build, options = SHAPES[name]
    graph = Graph(repository, **options)
    build(graph)
    push(graph)
    read_back(graph)
    delete(graph)


@check("manifest round trip: %s", "1.1", each=SUBJECTS)
def subjects(repository, name):
    from referrers import listed
    build, options = SUBJECTS[name]
    graph = Graph(repository, **options)
    build(graph)
    push(graph)
    read_back(graph)
    for subject, wanted in graph.referrers.items():
        listed(repository, subject, wanted)
        for artifact_type in {referrer["artifactType"] for referrer in wanted}:
            listed(repository, subject, [r for r in wanted if r["artifactType"] == artifact_type], artifact_type)
    delete(graph)
    for subject in graph.referrers:
        listed(repository, subject, [])


@check("several tags with one PUT, %s", "dev", each=["sha256", "sha512"])
def tag_parameters(repository, algorithm):
    graph = Graph(repository, algorithm)
    graph.platforms()
    push(graph)
    tags = ["v%d" % number for number in range(12)]
    for digest, (media_type, content) in graph.manifests.items():
        query = "?" + "&".join("tag=%s-%s" % (tag, digest[-6:]) for tag in tags)
        answer = repository.put(digest, content, media_type, query=query)
        named = [tag.strip() for field in answer.fields.get_all("OCI-Tag", []) for tag in field.split(",")]
        expect(sorted(named) == sorted("%s-%s" % (tag, digest[-6:]) for tag in tags), "OCI-Tag is %s" % named)
        for tag in named:
            has(repository, tag, digest, media_type, content)


@check("a bad tag among several refuses all of them", "house")
def bad_tag_parameter(repository):
    graph = Graph(repository)
    digest = graph.image()["digest"]
    push(graph)
    media_type, content = graph.manifests[digest]
    repository.put(digest, content, media_type, 400, query="?tag=good&tag=b%20ad")
    repository.send("GET", "manifests/good", 404)


@check("an index whose manifests are missing is taken", "1.1", needs_sparse=True)
def sparse_index(repository):
    graph = Graph(repository)
    there = graph.image()
    content = repository.bytes(9)
    graph.index([there, graph.descriptor(IMAGE, content)], "sparse")
    push(graph)
    read_back(graph)


@check("an image whose layer is missing is taken", "1.1", needs_sparse=True)
def sparse_image(repository):
    graph = Graph(repository)
    graph.image(tag="sparse")
    graph.blobs.pop(next(iter(graph.blobs)))
    push(graph)
    read_back(graph)


@check("deleting a manifest takes its tags along")
def delete_by_digest(repository):
    graph = Graph(repository)
    digest = graph.image(tag="one")["digest"]
    graph.tags["two"] = digest
    push(graph)
    repository.send("DELETE", "manifests/" + digest, 202)
    for tag in ("one", "two"):
        repository.send("GET", "manifests/" + tag, 404, codes=["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])
    repository.send("DELETE", "manifests/" + digest, 404, codes=["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])


@check("a tag moves to the manifest pushed last")
def move(repository):
    graph = Graph(repository)
    first = graph.image(tag="latest")["digest"]
    push(graph)
    second = graph.image(tag="latest")["digest"]
    push(graph)
    has(repository, "latest", second, *graph.manifests[second])
    has(repository, first, first, *graph.manifests[first])


@check("a manifest the client has already is not sent again", "house")
def not_modified(repository):
    graph = Graph(repository)
    graph.image(tag="one")
    push(graph)
    tag = repository.send("GET", "manifests/one", 200, headers=ACCEPT).field("ETag")
    expect(tag, "there is no ETag")
    for value in (tag, "W/" + tag, '"other", ' + tag, "*"):
        answer = repository.send("GET", "manifests/one", 304, headers=dict(ACCEPT, **{"If-None-Match": value}))
        expect(answer.body == b"", "304 has a body")
    repository.send("GET", "manifests/one", 200, headers=dict(ACCEPT, **{"If-None-Match": '"other"'}))


@check("the type of a manifest without mediaType is the Content-Type of its PUT", "1.0")
def type_of_put(repository):
    graph = Graph(repository)
    samples.chart(graph)
    push(graph)
    got = repository.send("GET", "manifests/1.0.0_1", 200)
    expect(got.field("Content-Type") == IMAGE, "it is %s" % got.field("Content-Type"))
    expect(digest_of(got.body) == graph.tags["1.0.0_1"], "these are other bytes")
