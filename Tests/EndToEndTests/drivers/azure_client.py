#!/usr/bin/env python3
"""Azure's registry SDK against a registry that takes requests without a token.

    azure_client.py https://HOST CA-FILE

Prints a line for each step; exits 1 at the first that goes wrong.
"""
import hashlib
import io
import json
import os
import sys

from azure.containerregistry import ArtifactManifestOrder, ContainerRegistryClient
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

CONFIG = "application/vnd.cncf.helm.config.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
REPOSITORY = "azure/charts/room"


def upload(client, size):
    content = os.urandom(size)
    digest, length = client.upload_blob(REPOSITORY, io.BytesIO(content))
    assert (digest, length) == ("sha256:" + hashlib.sha256(content).hexdigest(), size)
    stream = client.download_blob(REPOSITORY, digest)
    assert b"".join(stream) == content, "other bytes came back"
    print("blob of %d bytes" % size)
    return {"digest": digest, "size": size}


def manifests(client):
    digests = []
    for version in ("1.0.0", "1.1.0"):
        config, layer = upload(client, 300), upload(client, 20_000)
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": dict(config, mediaType=CONFIG), "layers": [dict(layer, mediaType=LAYER)]}
        digest = client.set_manifest(REPOSITORY, manifest, tag=version)
        got = client.get_manifest(REPOSITORY, version)
        assert got.digest == digest and got.manifest == manifest
        assert client.get_manifest(REPOSITORY, digest).manifest == json.loads(json.dumps(manifest))
        digests.append(digest)
    print("manifests by tag and digest")
    return digests


def properties(client, digests):
    assert list(client.list_repository_names()) == [REPOSITORY]
    assert list(client.list_repository_names(results_per_page=1)) == [REPOSITORY]
    repository = client.get_repository_properties(REPOSITORY)
    assert (repository.manifest_count, repository.tag_count) == (2, 2), repository
    assert repository.can_delete and repository.can_write and repository.created_on <= repository.last_updated_on
    tags = list(client.list_tag_properties(REPOSITORY, results_per_page=1))
    assert sorted(tag.name for tag in tags) == ["1.0.0", "1.1.0"]
    assert client.get_tag_properties(REPOSITORY, "1.0.0").digest == digests[0]
    newest = list(client.list_manifest_properties(
        REPOSITORY, order_by=ArtifactManifestOrder.LAST_UPDATED_ON_DESCENDING, results_per_page=1))
    assert sorted(manifest.digest for manifest in newest) == sorted(digests)
    manifest = client.get_manifest_properties(REPOSITORY, "1.1.0")
    assert manifest.digest == digests[1] and manifest.tags == ["1.1.0"] and manifest.size_in_bytes > 20_000
    print("properties of repository, tags and manifests")


def locks(client):
    client.update_tag_properties(REPOSITORY, "1.0.0", can_delete=False, can_write=False)
    assert client.get_tag_properties(REPOSITORY, "1.0.0").can_delete is False
    try:
        client.delete_tag(REPOSITORY, "1.0.0")
    except HttpResponseError as error:
        assert error.status_code in (403, 405, 409), error
    else:
        raise AssertionError("a locked tag was deleted")
    client.update_tag_properties(REPOSITORY, "1.0.0", can_delete=True, can_write=True)
    client.update_repository_properties(REPOSITORY, can_write=False)
    assert client.get_repository_properties(REPOSITORY).can_write is False
    client.update_repository_properties(REPOSITORY, can_write=True)
    client.update_manifest_properties(REPOSITORY, "1.1.0", can_delete=False)
    assert client.get_manifest_properties(REPOSITORY, "1.1.0").can_delete is False
    client.update_manifest_properties(REPOSITORY, "1.1.0", can_delete=True)
    print("locks")


def deletes(client, digests):
    client.delete_tag(REPOSITORY, "1.0.0")
    client.delete_tag(REPOSITORY, "1.0.0")  # the SDK takes a 404 as done
    assert [tag.name for tag in client.list_tag_properties(REPOSITORY)] == ["1.1.0"]
    client.delete_manifest(REPOSITORY, digests[0])
    blob = upload(client, 5)
    client.delete_blob(REPOSITORY, blob["digest"])
    try:
        b"".join(client.download_blob(REPOSITORY, blob["digest"]))
    except ResourceNotFoundError:
        pass
    else:
        raise AssertionError("a deleted blob came back")
    client.delete_repository(REPOSITORY)
    try:
        client.get_repository_properties(REPOSITORY)
    except ResourceNotFoundError:
        pass
    else:
        raise AssertionError("a deleted repository is there")
    assert list(client.list_repository_names()) == []
    print("deletes")


def main():
    url, authority = sys.argv[1:]
    with ContainerRegistryClient(url, credential=None, connection_verify=authority, retry_total=0) as client:
        upload(client, 1)
        upload(client, 9_000_000)  # three chunks of the SDK
        digests = manifests(client)
        properties(client, digests)
        locks(client)
        deletes(client, digests)


main()
