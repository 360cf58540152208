"""A way to a server on this machine that fails now and then."""

import http.client
import random
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_DOWN = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request '
    b"rate.</Message></Error>"
)
FAULTS = ("error", "slow down", "dropped before", "dropped after", "cut short")


class Way(ThreadingHTTPServer):
    """Passes requests on; a share of them meets a fault."""

    daemon_threads = True

    def __init__(self, port, share):
        super().__init__(("127.0.0.1", 0), _Request)
        self.port, self.share = port, share
        self.injected, self.requests = dict.fromkeys(FAULTS, 0), 0
        self._chance, self._lock = random.Random(0), threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fault(self):
        with self._lock:
            self.requests += 1
            if self._chance.random() >= self.share:
                return ""
            fault = self._chance.choice(FAULTS)
            self.injected[fault] += 1
            return fault

    def handle_error(self, request, client_address):
        """Clients that went away are none of our business."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fault()
        if fault == "dropped before":
            self.close_connection = True
        elif fault == "error":
            self._answer(500, {}, b"")
        elif fault == "slow down":
            self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
        else:
            self._forward(body, fault)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on  # noqa: N815

    def _forward(self, body, fault):
        server = http.client.HTTPConnection("127.0.0.1", self.server.port)
        server.request(self.command, self.path, body, dict(self.headers))
        answer = server.getresponse()
        headers = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "date", "server")
        }
        content = answer.read()
        server.close()
        if fault == "dropped after":
            self.close_connection = True
        else:
            self._answer(answer.status, headers, content, cut=fault == "cut short")

    def _answer(self, status, headers, content, *, cut=False):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        length = headers.get("Content-Length", len(content))
        self.send_header("Content-Length", str(length if self.command == "HEAD" else len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = self.close_connection or cut

    def log_message(self, format, *arguments):
        """Say nothing."""


@contextmanager
def unreliable_way(port, share):
    """To the server at that port; `share` of the requests fail."""
    way = Way(port, share)
    thread = threading.Thread(target=way.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield way
    finally:
        way.shutdown()
        thread.join()
        way.server_close()
