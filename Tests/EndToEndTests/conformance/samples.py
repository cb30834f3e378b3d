"""Manifests of every shape that registries are sent, with the blobs they name."""
import base64
import gzip
import io
import json
import tarfile

from suite import digest_of

CONFIG = "application/vnd.oci.image.config.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"
NOTHING = "application/vnd.oci.empty.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ARTIFACTS = ["application/vnd.example.chartroom.one.v1", "application/vnd.example.chartroom.two.v1"]


class Graph:
    """Blobs and manifests in the order they can be pushed in."""

    def __init__(self, repository, algorithm="sha256", with_data=False, extra=False):
        self.repository, self.algorithm = repository, algorithm
        self.with_data, self.extra = with_data, extra
        self.blobs, self.manifests, self.tags = {}, {}, {}
        self.referrers = {}

    def descriptor(self, media_type, content, **fields):
        result = {"mediaType": media_type, "digest": digest_of(content, self.algorithm), "size": len(content)}
        if self.with_data:
            result["data"] = base64.b64encode(content).decode()
        return dict(result, **fields)

    def blob(self, media_type, content):
        self.blobs[digest_of(content, self.algorithm)] = content
        return self.descriptor(media_type, content)

    def layer(self, compressed=True):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            body = self.repository.bytes(40)
            entry = tarfile.TarInfo("file.bin")
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
        content = archive.getvalue()
        if compressed:
            return self.blob(LAYER + "+gzip", gzip.compress(content, mtime=0))
        return self.blob(LAYER, content)

    def json(self, value):
        if self.extra:
            value = dict(value, **{"org.example.%d" % self.repository.random.randrange(10 ** 9): "unknown field"})
        return json.dumps(value, separators=(",", ":")).encode()

    def config(self, architecture="amd64"):
        return self.blob(CONFIG, self.json({
            "author": "conformance %d" % self.repository.random.randrange(10 ** 9), "os": "linux",
            "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}}))

    def add(self, media_type, value, tag=None, artifact_type=""):
        content = self.json(value)
        result = self.descriptor(media_type, content)
        self.manifests[result["digest"]] = (media_type, content)
        if tag:
            self.tags[tag] = result["digest"]
        if "subject" in value:
            wanted = dict(self.descriptor(media_type, content), artifactType=artifact_type)
            wanted.pop("data", None)
            if "annotations" in value:
                wanted["annotations"] = value["annotations"]
            self.referrers.setdefault(value["subject"]["digest"], []).append(wanted)
        return result

    def image(self, layers=None, tag=None, architecture="amd64", config=None, media_type=IMAGE, **fields):
        layers = [self.layer(), self.layer()] if layers is None else layers
        config = config or self.config(architecture)
        value = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers}
        value.update(fields)
        return self.add(media_type, value, tag, fields.get("artifactType", config["mediaType"]))

    def artifact(self, artifact_type=ARTIFACTS[0], tag=None, **fields):
        layer = self.blob(artifact_type, self.repository.bytes(200))
        return self.image([layer], tag, config=self.blob(NOTHING, b"{}"), artifactType=artifact_type, **fields)

    def index(self, manifests, tag=None, media_type=INDEX, **fields):
        value = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
        value.update(fields)
        return self.add(media_type, value, tag, fields.get("artifactType", ""))

    def platforms(self, tag=None, **fields):
        images = [
            dict(self.image(architecture=name), platform={"os": "linux", "architecture": name})
            for name in ("amd64", "arm64")
        ]
        return self.index(images, tag, **fields)


def subject(descriptor):
    return {key: descriptor[key] for key in ("mediaType", "digest", "size")}


def foreign_layer(graph, suffix):
    content = graph.repository.bytes(32)
    return graph.descriptor(FOREIGN + suffix, content, urls=["https://store.example/blobs/layer"])


def plain_image(graph):
    graph.image(tag="image")


def uncompressed(graph):
    graph.image([graph.layer(False), graph.layer(False)], tag="uncompressed")


def large(graph):
    annotations = {"large-annotation-%d" % number: "A" * 10_000 for number in range(390)}
    graph.image(tag="large", annotations=annotations)


def index(graph):
    graph.platforms("index")


def nested(graph):
    graph.index([graph.platforms(), graph.platforms()], "nested")


def empty_index(graph):
    graph.index([], "empty")


def artifact(graph):
    graph.artifact(tag="artifact")


def artifact_index(graph):
    graph.index([graph.artifact(), graph.artifact()], "artifacts", artifactType=ARTIFACTS[0])


def artifact_without_layers(graph):
    empty = graph.blob(NOTHING, b"{}")
    graph.image([empty], "bare", config=empty, artifactType=ARTIFACTS[0])


def with_subject(graph):
    base = subject(graph.image(tag="base"))
    graph.image(subject=base)
    for number, name in enumerate(ARTIFACTS):
        graph.artifact(name, "artifact%d" % number, subject=base, annotations={"org.example.number": str(number)})


def index_with_subject(graph):
    base = subject(graph.platforms("base"))
    graph.platforms("signature", subject=base, artifactType=ARTIFACTS[0], annotations={"org.example.a": "<b>&é"})


def missing_subject(graph):
    gone = {"mediaType": IMAGE, "digest": digest_of(graph.repository.bytes(9), graph.algorithm), "size": 123}
    graph.artifact(tag="lonely", subject=gone, annotations={"org.example.a": "b"})


def foreign_layers(graph):
    graph.image([foreign_layer(graph, "+gzip"), foreign_layer(graph, ""), graph.layer()], "foreign")


def no_layers(graph):
    graph.image([], "no-layers")


def docker(graph):
    config = graph.blob("application/vnd.docker.container.image.v1+json", graph.json({"os": "linux"}))
    layer = graph.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", graph.repository.bytes(90))
    image = graph.image([layer], config=config, media_type=DOCKER_IMAGE)
    graph.index([dict(image, platform={"os": "linux", "architecture": "amd64"})], "docker", media_type=DOCKER_LIST)


def chart(graph):
    """As Helm pushes: no mediaType in the manifest, layers sorted by digest."""
    config = graph.blob("application/vnd.cncf.helm.config.v1+json", b'{"name":"c","version":"1.0.0+1"}')
    layers = [
        graph.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", graph.repository.bytes(500)),
        graph.blob("application/vnd.cncf.helm.chart.provenance.v1.prov", graph.repository.bytes(90)),
    ]
    layers.sort(key=lambda layer: layer["digest"])
    graph.add(IMAGE, {"schemaVersion": 2, "config": config, "layers": layers}, "1.0.0_1")
