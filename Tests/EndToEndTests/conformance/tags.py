"""Listings: tags and the catalog, by pages."""
import urllib.parse

from samples import IMAGE, Graph
from suite import check, expect

NAMES = ["0.1.0", "1.0.0", "1.0.0_1", "10.0.0", "2.0.0", "A", "Z", "_x", "a", "b", "latest", "z"]


def tagged(repository, names=NAMES):
    from manifests import push
    graph = Graph(repository)
    digest = graph.image()["digest"]
    push(graph)
    media_type, content = graph.manifests[digest]
    for name in names:
        repository.put(name, content, media_type)


def tags(repository, query=""):
    answer = repository.send("GET", "tags/list" + query, 200)
    value = answer.json()
    expect(value["name"] == repository.name, "the list names %s" % value["name"])
    return answer, value["tags"] or []


def follow(client, target, key):
    """Every page of a listing, by its Links."""
    result = []
    while target:
        answer = client.send("GET", target)
        expect(answer.status == 200, "a page answers %d" % answer.status)
        result.append(answer.json()[key] or [])
        link = answer.field("Link")
        expect(link is None or 'rel="next"' in link, "Link is %s" % link)
        target = link[link.index("<") + 1:link.index(">")] if link else None
        expect(len(result) < 1000, "the pages have no end")
    return result


@check("tags are listed in order")
def ordered(repository):
    tagged(repository)
    answer, got = tags(repository)
    expect(got == sorted(NAMES), "got %s" % got)
    expect(answer.field("Link") is None, "a whole list has a Link")


@check("tags come by pages of n=%s", each=[1, 5, 12, 100])
def pages(repository, size):
    tagged(repository)
    got = follow(repository.client, "/v2/%s/tags/list?n=%d" % (repository.name, size), "tags")
    expect(sum(got, []) == sorted(NAMES), "got %s" % got)
    expect(all(len(page) == size for page in got[:-1]), "the pages hold %s" % list(map(len, got)))


@check("tags after last=%s", each=["1.0.0", "1", "zz", "0", "nobody"])
def after(repository, last):
    tagged(repository)
    _, got = tags(repository, "?last=" + last)
    expect(got == [name for name in sorted(NAMES) if name > last], "got %s" % got)


@check("n and last together")
def both(repository):
    tagged(repository)
    answer, got = tags(repository, "?n=3&last=1.0.0")
    expect(got == sorted(NAMES)[2:5], "got %s" % got)
    expect(answer.field("Link"), "there is no Link to the rest")


@check("n=0 lists nothing and has no Link")
def nothing(repository):
    tagged(repository)
    answer, got = tags(repository, "?n=0")
    expect(got == [] and answer.field("Link") is None, "got %s, Link %s" % (got, answer.field("Link")))


@check("an n that is no number is refused: %s", "house", each=["-1", "x", "1.5", "99999999999999999999"])
def bad_number(repository, value):
    tagged(repository, ["one"])
    repository.send("GET", "tags/list?n=" + value, *([200, 400] if value[0] == "9" else [400]))


@check("tags of a repository that is not there")
def unknown(repository):
    repository.send("GET", "tags/list", 404, codes=["NAME_UNKNOWN"])


@check("a tag list the client has already is not sent again", "house")
def not_modified(repository):
    tagged(repository, ["one"])
    tag = tags(repository)[0].field("ETag")
    expect(tag, "there is no ETag")
    repository.send("GET", "tags/list", 304, headers={"If-None-Match": tag})
    tagged(repository, ["two"])
    repository.send("GET", "tags/list", 200, headers={"If-None-Match": tag})


@check("a deleted tag is no longer listed")
def deleted(repository):
    tagged(repository, ["one", "two"])
    repository.send("DELETE", "manifests/one", 202)
    expect(tags(repository)[1] == ["two"], "got %s" % tags(repository)[1])
    repository.send("DELETE", "manifests/one", 404, codes=["MANIFEST_UNKNOWN"])


@check("the longest tag, and one character more", "1.0")
def longest(repository):
    tagged(repository, ["a" * 128])
    repository.put("a" * 129, b"{}", IMAGE, 400, 404)


@check("the catalog lists repositories by pages", "house")
def catalog(repository):
    names = ["%s/%s" % (repository.name, letter) for letter in "abcde"]
    for name in names:
        other = repository.sibling(name[len(repository.name):])
        tagged(other, ["one"])
    got = sum(follow(repository.client, "/v2/_catalog?n=2", "repositories"), [])
    expect(got == sorted(set(got)), "the catalog is not in order, or names one twice")
    expect(set(names) <= set(got), "the catalog lacks %s" % sorted(set(names) - set(got)))
    start = urllib.parse.quote(repository.name)
    page = repository.client.send("GET", "/v2/_catalog?n=2&last=" + start).json()["repositories"]
    expect(page == names[:2], "after %s come %s" % (repository.name, page))
