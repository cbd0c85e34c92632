"""A receiver of alerts on loopback: takes what is posted, by path, and refuses as often as it is told to."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Receiver:
    """What arrived, in order: (path, message); and how many posts a path still refuses."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.took: list[tuple[str, dict[str, Any]]] = []
        self.tries: Counter[str] = Counter()
        self.refuses: Counter[str] = Counter()

    def address(self, path: str) -> str:
        """The Apprise URL that posts to a path."""
        return f"json://127.0.0.1:{self.port}/{path}"

    def at(self, path: str) -> list[str]:
        """The messages that a path took."""
        return [content["message"] for where, content in self.took if where == f"/{path}"]

    def answer(self, path: str, content: dict[str, Any]) -> int:
        """Take a post, or refuse it."""
        self.tries[path.strip("/")] += 1
        if self.refuses[path.strip("/")] > 0:
            self.refuses[path.strip("/")] -= 1
            return 503
        self.took.append((path, content))
        return 200


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.answer(self.path, json.loads(body)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
