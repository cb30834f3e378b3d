"""Referrers: who points at a manifest."""
import json
import threading
import urllib.parse

from samples import ARTIFACTS, IMAGE, INDEX, Graph, subject
from suite import Failure, check, digest_of, expect


def pages(repository, path):
    """Every page of a referrers list, by its Links."""
    target = "/v2/%s/%s" % (repository.name, path)
    while target:
        answer = repository.client.send("GET", target)
        expect(answer.status == 200, "referrers answer %d" % answer.status)
        expect(answer.field("Content-Type") == INDEX, "their type is %s" % answer.field("Content-Type"))
        value = answer.json()
        expect(value.get("schemaVersion") == 2 and value.get("mediaType") == INDEX, "this is no image index")
        yield answer, value["manifests"]
        link = answer.field("Link")
        target = link[link.index("<") + 1:link.index(">")] if link else None


def listed(repository, digest, wanted, artifact_type=None):
    path = "referrers/" + digest
    if artifact_type:
        path += "?artifactType=" + urllib.parse.quote(artifact_type)
    got = []
    for answer, manifests in pages(repository, path):
        got += manifests
        if artifact_type:
            applied = [name.strip() for name in (answer.field("OCI-Filters-Applied") or "").split(",")]
            expect("artifactType" in applied, "OCI-Filters-Applied is %s" % applied)
    def key(referrer):
        return referrer["digest"]
    def plain(referrer):
        fields = ("mediaType", "digest", "size", "annotations")
        return {**{name: referrer[name] for name in fields if name in referrer},
                "artifactType": referrer.get("artifactType", "")}
    if sorted(map(plain, got), key=key) != sorted(map(plain, wanted), key=key):
        raise Failure("the referrers are %s, not %s" % (json.dumps(got)[:600], json.dumps(wanted)[:600]))


@check("what nobody points at has no referrers", "1.1")
def none(repository):
    listed(repository, digest_of(repository.bytes(9)), [])


@check("what nobody points at has no referrers, also where a repository is", "1.1")
def none_here(repository):
    graph = Graph(repository)
    image = graph.image(tag="base")
    push(graph)
    listed(repository, image["digest"], [])
    listed(repository, image["digest"], [], ARTIFACTS[0])


@check("referrers of what is no digest are refused: %s", "1.1", each=["sha256:abc", "latest", "md5:" + "a" * 32])
def bad_digest(repository, digest):
    repository.send("GET", "referrers/" + digest, 400)


@check("a referrer may come before its subject", "1.1")
def before(repository):
    graph = Graph(repository)
    image = graph.image(tag="base")
    artifact = graph.artifact(subject=subject(image))
    wanted = graph.referrers[image["digest"]]
    late = graph.manifests.pop(image["digest"])
    graph.tags = {}
    push(graph)
    listed(repository, image["digest"], wanted)
    repository.put(image["digest"], late[1], late[0])
    listed(repository, image["digest"], wanted)
    repository.send("DELETE", "manifests/" + artifact["digest"], 202)
    listed(repository, image["digest"], [])


@check("40 referrers pushed at once are all listed", "1.1")
def at_once(repository):
    graph = Graph(repository)
    image = graph.image(tag="base")
    for number in range(40):
        graph.artifact(ARTIFACTS[number % 2], subject=subject(image))
    wanted = graph.referrers[image["digest"]]
    for content in graph.blobs.values():
        repository.push(content)
    media_type, content = graph.manifests.pop(image["digest"])
    repository.put("base", content, media_type)
    work, lock, failures = list(graph.manifests.items()), threading.Lock(), []

    def worker():
        client = repository.client.another()
        while True:
            with lock:
                if not work:
                    return client.close()
                digest, (media_type, content) = work.pop()
            answer = client.send("PUT", "/v2/%s/manifests/%s" % (repository.name, digest), content,
                                 {"Content-Type": media_type})
            if answer.status != 201:
                failures.append(answer.status)

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not failures, "pushes answered %s" % failures)
    listed(repository, image["digest"], wanted)
    listed(repository, image["digest"], [r for r in wanted if r["artifactType"] == ARTIFACTS[1]], ARTIFACTS[1])


@check("referrers kept under the fallback tag are listed too", "1.1")
def fallback(repository):
    """A client of an older registry keeps the list itself, as an index tagged like the subject's digest."""
    graph = Graph(repository)
    image = graph.image(tag="base")
    push(graph)
    signed = graph.artifact(annotations={"org.example.a": "b"})
    media_type, content = graph.manifests[signed["digest"]]
    value = json.loads(content)
    value["subject"] = subject(image)
    del graph.manifests[signed["digest"]]
    artifact = graph.add(IMAGE, value, artifact_type=ARTIFACTS[0])
    wanted = graph.referrers[image["digest"]]
    push(graph)
    index = graph.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        dict(artifact, artifactType=ARTIFACTS[0], annotations={"org.example.a": "b"})]})
    repository.put(image["digest"].replace(":", "-"), index, INDEX)
    listed(repository, image["digest"], wanted)


def push(graph):
    from manifests import push
    push(graph)
