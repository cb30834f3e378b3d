#!/usr/bin/env python3
"""ORAS for Python against a registry: artifacts in and out, a referrer, tags, and what must fail.

    oras_client.py HOST                                  plain HTTP
    oras_client.py HOST --ca-file FILE --user NAME --password SECRET

Works in the working directory. Prints a line for each step; exits 1 at the first that goes wrong.
"""
import argparse
import os

import oras.client
import oras.oci
import requests

MEDIA = "application/vnd.example.notes"


def client(given, password=None):
    if not given.ca_file:
        return oras.client.OrasClient(hostname=given.host, insecure=True)
    made = oras.client.OrasClient(hostname=given.host, tls_verify=given.ca_file, auth_backend="basic")
    if given.user:
        made.auth.set_basic_auth(given.user, password or given.password)
    return made


def push_and_pull(given, repository, name, size, **options):
    content = os.urandom(size)
    with open(name, "wb") as file:
        file.write(content)
    target = "%s/%s:1.0" % (given.host, repository)
    answer = client(given).push(target, files=["%s:%s" % (name, MEDIA)], quiet=True, **options)
    assert answer.status_code == 201, answer.status_code
    os.makedirs("out", exist_ok=True)
    pulled = client(given).pull(target, outdir="out", allowed_media_type=None)
    assert [os.path.basename(path) for path in pulled] == [name], pulled
    with open(pulled[0], "rb") as file:
        assert file.read() == content, "other bytes came back"
    print("pushed and pulled %d bytes of %s" % (size, target))
    return answer


def attach(given, repository):
    """The library can name a subject; it cannot list referrers, so that is asked for by hand."""
    base = "%s/%s:1.0" % (given.host, repository)
    maker = client(given)
    answer = maker.do_request("%s://%s/v2/%s/manifests/1.0" % (maker.prefix, given.host, repository), "HEAD", headers={
        "Accept": "application/vnd.oci.image.manifest.v1+json"})
    digest = answer.headers["Docker-Content-Digest"]
    with open("signature", "w", encoding="ascii") as file:
        file.write("signed")
    subject = oras.oci.Subject(mediaType=answer.headers["Content-Type"], digest=digest,
                               size=int(answer.headers["Content-Length"]))
    pushed = maker.push(base.replace(":1.0", ":signature"), files=["signature:" + MEDIA], subject=subject, quiet=True)
    assert pushed.headers["OCI-Subject"] == digest, pushed.headers
    listed = maker.do_request("%s://%s/v2/%s/referrers/%s" % (maker.prefix, given.host, repository, digest), "GET")
    found = [entry["digest"] for entry in listed.json()["manifests"]]
    assert found == [pushed.headers["Docker-Content-Digest"]], listed.text
    print("attached to", digest)


def tags(given, repository):
    maker = client(given)
    assert maker.get_tags("%s/%s" % (given.host, repository)) == ["1.0", "signature"]
    assert maker.delete_tag(repository, "signature") is True
    assert maker.get_tags("%s/%s" % (given.host, repository)) == ["1.0"]
    print("listed and deleted tags")


def refused(given, repository):
    """With users configured, a wrong password and none at all are refused."""
    for password in (["wrong"] if given.user else []):
        try:
            client(given, password).push("%s/%s:2.0" % (given.host, repository), files=["signature:" + MEDIA], quiet=True)
        except (ValueError, requests.exceptions.RequestException) as error:
            assert "UNAUTHORIZED" in str(error), error
            print("refused a wrong password")
        else:
            raise AssertionError("a wrong password was taken")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("--ca-file")
    parser.add_argument("--user")
    parser.add_argument("--password")
    given = parser.parse_args()
    push_and_pull(given, "oras/notes", "notes.bin", 20_000)
    push_and_pull(given, "oras/chunked", "chunked.bin", 300_000, do_chunked=True, chunk_size=100_000)
    push_and_pull(given, "oras/empty", "empty.bin", 0)
    attach(given, "oras/notes")
    tags(given, "oras/notes")
    refused(given, "oras/notes")


main()
