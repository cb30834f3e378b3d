"""One keep-alive connection that sends what it is told, byte for byte, and remembers the exchanges."""
import base64
import http.client
import json
import ssl
import urllib.parse


class Answer:
    """An answer: status, header fields by lower-case name, body."""

    def __init__(self, response, body):
        self.status = response.status
        self.fields = response.headers
        self.body = body

    def field(self, name):
        return self.fields.get(name)

    def json(self):
        return json.loads(self.body)

    def error_codes(self):
        """The codes of an error body; none when it is no such body."""
        try:
            return [error["code"] for error in self.json()["errors"]]
        except (ValueError, KeyError, TypeError):
            return []


class Client:
    def __init__(self, url, user=None, password="", ca_file=None):
        self.url = urllib.parse.urlsplit(url)
        self.context = ssl.create_default_context(cafile=ca_file) if self.url.scheme == "https" else None
        self.authorization = None
        if user is not None:
            self.authorization = "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
        self.connection = None
        self.exchanges = []

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def another(self):
        """A client of its own for another thread."""
        client = Client(self.url.geturl(), None, "", None)
        client.context, client.authorization = self.context, self.authorization
        return client

    def send(self, method, target, body=None, headers=None, streams=False):
        """Sends one request. `target` may be a URL; `streams` sends the body in chunks, without a length."""
        target = self.path(target)
        fields = dict(headers or {})
        if self.authorization:
            fields.setdefault("Authorization", self.authorization)
        if streams:
            fields["Transfer-Encoding"] = "chunked"
            middle = len(body) // 2
            body = iter([body[:middle], body[middle:]] if middle else [body])
        elif body is None and method in ("POST", "PATCH", "PUT"):
            body = b""
        try:
            answer = self.exchange(method, target, body, fields, streams)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()  # the server may close an idle connection at any time
            if streams:
                raise
            answer = self.exchange(method, target, body, fields, streams)
        self.exchanges.append("%s %s -> %d %s" % (
            method, target[:160], answer.status, (answer.body[:200] if answer.status >= 400 else b"").decode("latin1")))
        return answer

    def exchange(self, method, target, body, fields, streams):
        if self.connection is None:
            if self.context:
                self.connection = http.client.HTTPSConnection(self.url.netloc, timeout=60, context=self.context)
            else:
                self.connection = http.client.HTTPConnection(self.url.netloc, timeout=60)
        try:
            self.connection.request(method, target, body, fields, encode_chunked=streams)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server may answer before it has read the body
        response = self.connection.getresponse()
        answer = Answer(response, response.read())
        if response.will_close:
            self.close()
        return answer

    def path(self, target):
        """Path and query of a Location, which may be relative or absolute; a path is sent as it is."""
        if target.startswith("/"):
            return target
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(self.url.geturl(), target))
        return urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
