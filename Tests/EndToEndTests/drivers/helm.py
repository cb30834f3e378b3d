#!/usr/bin/env python3
"""What the helm command does on the wire, through the real Helm 4 library. Standard library only.

    HELM_LIBRARY=…/libhelm.so HELM_HOME=DIR helm.py version
    … helm.py [--plain-http] [--ca-file FILE] login HOST USER PASSWORD
    … helm.py … push ARCHIVE… oci://HOST/NAMESPACE
    … helm.py … show oci://HOST/REPOSITORY:VERSION
    … helm.py … pull oci://HOST/REPOSITORY:VERSION FILE
    … helm.py … fetch oci://HOST/REPOSITORY VERSION
    … helm.py … fetch NAME/CHART RANGE
    … helm.py … install NAME/CHART RANGE
    … helm.py … lint NAME/CHART
    … helm.py … repo-add NAME URL [USER PASSWORD]
    … helm.py … repo-update NAME

One process runs one action, as helm does. Everything Helm keeps lies below HELM_HOME. The library is the shared object
of the PyPI wheel helm-sdkpy 0.1.32. Its own pull action ends on a null pointer, so `pull` shows the chart, which
downloads it, and takes the archive out of Helm's content cache. That path knows no `+` in a version: `fetch` takes the
first steps of an installation, which downloads and reads the chart, and then finds no cluster. `install` finds one,
which cluster.py makes up, and prints what Helm rendered and created, one JSON object a line.
"""
import argparse
import ctypes
import hashlib
import json
import os
import sys

from cluster import Cluster

Text = ctypes.c_char_p
ACTIONS = ["version", "login", "logout", "push", "pull", "show", "fetch", "install", "lint", "repo-add", "repo-update"]


class Helm:
    def __init__(self, options, cluster="/nonexistent"):
        self.library = ctypes.CDLL(os.environ["HELM_LIBRARY"])
        self.library.helm_sdkpy_last_error.restype = Text
        self.library.helm_sdkpy_version_string.restype = Text
        self.library.helm_sdkpy_free.argtypes = [ctypes.c_void_p]
        self.handle = ctypes.c_ulonglong()
        create = self.library.helm_sdkpy_config_create
        create.argtypes = [Text, Text, Text, Text, ctypes.POINTER(ctypes.c_ulonglong)]
        self.check(create(b"default", cluster.encode(), None, json.dumps(options).encode(), ctypes.byref(self.handle)))

    def check(self, status):
        if status != 0:
            sys.exit("Error: " + (self.library.helm_sdkpy_last_error() or b"unknown").decode("utf-8", "replace"))

    def call(self, name, *arguments):
        function = getattr(self.library, "helm_sdkpy_" + name)
        self.check(function(self.handle, *[Text(argument.encode()) for argument in arguments]))

    def text(self, name, *arguments):
        function = getattr(self.library, "helm_sdkpy_" + name)
        result = ctypes.c_void_p()
        words = [Text(argument.encode()) for argument in arguments]
        self.check(function(self.handle, *words, ctypes.byref(result)))
        try:
            return ctypes.string_at(result.value).decode()
        finally:
            self.library.helm_sdkpy_free(result)

    def start_installation(self, reference, version):
        wishes = {
            "wait": False, "timeout_seconds": 5, "disable_openapi_validation": True, "server_side_apply": "false",
        }
        result = ctypes.c_void_p()
        words = [b"release", reference.encode(), b"", version.encode(), json.dumps(wishes).encode()]
        return self.library.helm_sdkpy_install(self.handle, *map(Text, words), ctypes.byref(result))

    def fetch(self, reference, version):
        self.start_installation(reference, version)
        problem = (self.library.helm_sdkpy_last_error() or b"").decode("utf-8", "replace")
        if "cluster unreachable" not in problem:
            sys.exit("Error: " + problem)


def cached(home):
    """The archives in Helm's content cache: digest to path."""
    found = {}
    for folder, _, names in os.walk(os.path.join(home, "cache")):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            if content[:2] == b"\x1f\x8b":
                found[hashlib.sha256(content).hexdigest()] = path
    return found


def settings(home, authority):
    """Go reads the environment once, when the library is loaded: it must be right before this process starts."""
    values = {
        "HELM_CACHE_HOME": home + "/cache", "HELM_CONFIG_HOME": home + "/config", "HELM_DATA_HOME": home + "/data",
        "HELM_REGISTRY_CONFIG": home + "/config/registry/config.json",
        "HELM_REPOSITORY_CONFIG": home + "/config/repositories.yaml",
        "HELM_REPOSITORY_CACHE": home + "/cache/repository", "DOCKER_CONFIG": home + "/docker", "HOME": home,
    }
    if authority:
        values.update(SSL_CERT_FILE=authority, SSL_CERT_DIR=home + "/none")
    return values


def main():
    parser = argparse.ArgumentParser(prog="helm.py")
    parser.add_argument("--plain-http", action="store_true")
    parser.add_argument("--ca-file")
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("words", nargs="*")
    given = parser.parse_args()
    home = os.environ["HELM_HOME"]
    wanted = settings(home, given.ca_file)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        for name in ("cache/repository", "config/registry", "docker", "none"):
            os.makedirs(os.path.join(home, name), exist_ok=True)
        os.execve(sys.executable, [sys.executable, *sys.argv], dict(os.environ, **wanted))

    options = {"plain_http": True} if given.plain_http else {}
    transport = dict(options, **({"ca_file": given.ca_file} if given.ca_file else {}))
    helm = Helm(options)
    if given.action == "version":
        print(helm.library.helm_sdkpy_version_string().decode())
    elif given.action == "login":
        host, user, password = given.words
        helm.call("registry_login", host, user, password, json.dumps(transport))
    elif given.action == "logout":
        helm.call("registry_logout", *given.words)
    elif given.action == "push":
        *archives, reference = given.words
        for archive in archives:
            helm.call("push", archive, reference, json.dumps(transport))
    elif given.action == "show":
        print(helm.text("show_chart", *given.words))
    elif given.action == "pull":
        reference, path = given.words
        before = cached(home)
        helm.text("show_chart", reference)
        new = [place for digest, place in cached(home).items() if digest not in before]
        if len(new) != 1:
            sys.exit("Error: %d new archives in the cache" % len(new))
        os.rename(new[0], path)
    elif given.action == "fetch":
        helm.fetch(*given.words)
    elif given.action == "install":
        with Cluster(home) as cluster:
            helm = Helm(options, cluster.configuration)
            helm.check(helm.start_installation(*given.words))
            for value in cluster.objects:
                print(json.dumps(value))
    elif given.action == "lint":
        print(helm.text("lint", *given.words))
    elif given.action == "repo-add":
        # The helm command makes this file; its library wants it to be there.
        known = os.path.join(home, "config", "repositories.yaml")
        if not os.path.exists(known):
            with open(known, "w") as file:
                file.write('apiVersion: ""\ngenerated: "0001-01-01T00:00:00Z"\nrepositories: []\n')
        name, url, user, password = (given.words + ["", ""])[:4]
        options = {"ca_file": given.ca_file} if given.ca_file else {}
        helm.call("repo_add", name, url, user, password, json.dumps(options) if options else "")
    elif given.action == "repo-update":
        helm.call("repo_update", *given.words)


main()
