"""A token server for Debian's docker-registry: gives signed tokens to one user, by GET with Basic.

Usage: token_server.py FOLDER USER PASSWORD
Makes a key and a certificate in FOLDER, `token.pem` for the registry to trust, and prints the port it listens on.
"""

import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

folder, user, password = sys.argv[1:4]
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tokens",
     "-keyout", folder + "/token.key", "-out", folder + "/token.pem"], check=True, capture_output=True)
certificate = "".join(line for line in open(folder + "/token.pem").read().split("\n") if "-----" not in line)


def encoded(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(service, scopes):
    now = int(time.time())
    access = []
    for scope in scopes:
        kind, name, actions = scope.split(":", 2)
        access.append({"type": kind, "name": name, "actions": actions.split(",")})
    head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
    body = {"iss": "tokens", "sub": user, "aud": service, "exp": now + 300, "nbf": now - 5, "iat": now,
            "jti": str(time.time_ns()), "access": access}
    text = encoded(head) + b"." + encoded(body)
    signed = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", folder + "/token.key"], input=text, capture_output=True, check=True)
    return (text + b"." + encoded(signed.stdout)).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            return self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]})
        text = token(query.get("service", [""])[0], query.get("scope", []))
        self.answer(200, {"token": text, "access_token": text, "expires_in": 300})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
server.serve_forever()
