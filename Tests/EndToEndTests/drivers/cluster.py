"""As much of a Kubernetes API as an installation by Helm needs: it finds the usual kinds, and takes every object.

    with Cluster(folder) as cluster:
        cluster.configuration   # a kubeconfig
        cluster.objects         # what was created, Helm's own records left out
"""
import http.server
import json
import os
import threading

CORE = ["ConfigMap", "Secret", "Service", "ServiceAccount", "Pod"]
APPS = ["Deployment", "StatefulSet", "DaemonSet"]


def resources(version, kinds):
    verbs = ["create", "get", "list", "delete", "patch", "update"]
    return {
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version,
        "resources": [{"name": kind.lower() + "s", "singularName": kind.lower(), "namespaced": True, "kind": kind,
                       "verbs": verbs} for kind in kinds],
    }


APPS_VERSION = {"groupVersion": "apps/v1", "version": "v1"}
ANSWERS = {
    "/version": {"major": "1", "minor": "30", "gitVersion": "v1.30.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
        {"name": "apps", "versions": [APPS_VERSION], "preferredVersion": APPS_VERSION}]},
    "/api/v1": resources("v1", CORE),
    "/apis/apps/v1": resources("apps/v1", APPS),
}
NONE = {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": []}
MISSING = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path in ANSWERS:
            self.answer(200, ANSWERS[path])
        elif path.endswith("/secrets"):
            self.answer(200, NONE)
        else:
            self.answer(404, MISSING)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # Helm writes its own records as protobuf, which nobody here reads.
        value = json.loads(body) if body[:1] == b"{" else {}
        if value:
            self.server.objects.append(value)
        self.answer(201, value)

    do_PUT = do_PATCH = do_POST


class Cluster:
    def __init__(self, folder):
        self.configuration = os.path.join(folder, "cluster.yaml")

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.objects = self.server.objects = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        with open(self.configuration, "w") as file:
            json.dump({
                "apiVersion": "v1", "kind": "Config", "current-context": "it",
                "clusters": [{"name": "it", "cluster": {"server": "http://127.0.0.1:%d" % self.server.server_port}}],
                "users": [{"name": "it", "user": {}}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            }, file)
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
