#!/usr/bin/env python3
"""Writes an OCI image layout with one image of two layers under the tag `one`. Standard library only.

    layout.py DIRECTORY
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

FOLDER = sys.argv[1]
PREFIX = "application/vnd.oci.image."


def blob(media_type, content):
    digest = hashlib.sha256(content).hexdigest()
    with open(os.path.join(FOLDER, "blobs", "sha256", digest), "wb") as file:
        file.write(content)
    return {"mediaType": PREFIX + media_type, "digest": "sha256:" + digest, "size": len(content)}


def layer(size):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("content-%d" % size)
        entry.size = size
        tar.addfile(entry, io.BytesIO(os.urandom(size)))
    return archive.getvalue()


os.makedirs(os.path.join(FOLDER, "blobs", "sha256"))
plain = [layer(5_000), layer(2_000_000)]
layers = [blob("layer.v1.tar+gzip", gzip.compress(content, 1, mtime=0)) for content in plain]
config = blob("config.v1+json", json.dumps({
    "os": "linux", "architecture": "amd64", "config": {},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest() for content in plain]},
}).encode())
manifest = blob("manifest.v1+json", json.dumps({
    "schemaVersion": 2, "mediaType": PREFIX + "manifest.v1+json", "config": config, "layers": layers,
}).encode())
with open(os.path.join(FOLDER, "oci-layout"), "w", encoding="ascii") as file:
    json.dump({"imageLayoutVersion": "1.0.0"}, file)
with open(os.path.join(FOLDER, "index.json"), "w", encoding="ascii") as file:
    json.dump({"schemaVersion": 2, "manifests": [
        dict(manifest, annotations={"org.opencontainers.image.ref.name": "one"})]}, file)
