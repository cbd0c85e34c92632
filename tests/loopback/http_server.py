"""A small HTTP/1.1 server on loopback: delayed answers without threads, broken answers on request.

It counts what it is asked, so that a test can say how many requests came, how many at once, how many were refused.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from .connection import CONTROL, Connection
from .counts import Counts
from .faults import FaultSchedule
from .http_messages import Api, Reply, Request, json_reply


class LoopbackServer:
    """One API, its faults and its counts."""

    def __init__(self, api: Api, faults: FaultSchedule) -> None:
        self.api, self.faults, self.counts = api, faults, Counts()
        self.numbers: Counter[str] = Counter()
        self.log: list[str] | None = None

    def count(self, request: Request) -> None:
        """Count a request and give it its number."""
        counts = self.counts
        request.subject = self.api.subject(request)
        self.numbers[request.subject] += 1
        request.number = self.numbers[request.subject]
        counts.requests[request.subject] += 1
        counts.seconds[int(time.monotonic() - counts.started)] += 1
        counts.at_once += 1
        counts.largest_at_once = max(counts.largest_at_once, counts.at_once)
        if self.log is not None:
            query = "&".join(f"{name}={value}" for name, value in request.parameters)
            self.log.append(f"{request.method} {request.path}{'?' if query else ''}{query}")

    def control(self, request: Request) -> Reply:
        """Answer a control request."""
        name, content = request.path.removeprefix(CONTROL), request.json()
        try:
            return json_reply(200, self._controlled(name, content))
        except (KeyError, ValueError, TypeError) as error:
            return json_reply(400, {"error": f"{type(error).__name__}: {error}"})

    def _controlled(self, name: str, content: Any) -> object:
        if name == "counters":
            return self.counts.as_json() | {"faults_left": self.faults.left()}
        if name == "reset":
            at_once = self.counts.at_once
            self.counts, self.numbers = Counts(), Counter()
            self.counts.at_once = at_once
            return {}
        if name == "faults":
            self.faults.plan(content)
            self.numbers = Counter()
            return {"faults": len(content)}
        if name == "log":
            before, self.log = self.log, []
            return before or []
        if name == "skew":
            self.api.skew = float(content)
            return {}
        if name == "latency":
            self.api.latency = float(content)
            return {}
        return self.api.control(name, content)


async def _serve(server: LoopbackServer, port: int) -> None:
    """Listen until the process that started this one lets go of its end of the pipe."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", port, backlog=512)
    let_go = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), let_go.set)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await let_go.wait()
    listening.close()


def run(make_api: Callable[[Mapping[str, Any]], Api]) -> None:
    """Read options, one line of JSON, from standard input; write the port to standard output; serve."""
    options = json.loads(sys.stdin.buffer.raw.readline())  # type: ignore[attr-defined]  # unbuffered: the rest is a signal
    server = LoopbackServer(make_api(options), FaultSchedule(options.get("faults", ())))
    asyncio.run(_serve(server, int(options.get("port", 0))))
    os._exit(0)
