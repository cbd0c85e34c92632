"""One connection of a client: HTTP/1.1 with keep-alive, answered late, whole, or broken as a fault asks."""

import asyncio
import socket
import struct
import sys
import traceback
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from .http_messages import Reply, Request

if TYPE_CHECKING:
    from .http_server import LoopbackServer

CONTROL = "/_control/"
WHOLE_PAGE = 1 << 20  # bytes: an answer is handed over at once
RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends a reset instead of an end
REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Connection(asyncio.Protocol):
    """One connection of a client; its requests are answered one after another."""

    def __init__(self, server: "LoopbackServer") -> None:
        self.server, self.received = server, bytearray()
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # known when the connection is made
        self.answering: asyncio.Task[None] | None = None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Switch delays of small packets off."""
        self.transport = transport  # type: ignore[assignment]  # a TCP server has no other kind
        own = self.transport.get_extra_info("socket")
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WHOLE_PAGE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop answering: nobody listens."""
        self.is_open = False
        if self.answering:
            self.answering.cancel()

    def data_received(self, data: bytes) -> None:
        """Collect bytes until a request is whole."""
        self.received += data
        self._next()

    def _next(self) -> None:
        if self.answering is None and (request := self._parsed()) is not None:
            self.answering = asyncio.get_running_loop().create_task(self._answer(request))

    def _parsed(self) -> Request | None:
        """The first whole request received, taken out."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = self.received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if len(self.received) < end + 4 + length:
            return None
        body = bytes(self.received[end + 4 : end + 4 + length])
        del self.received[: end + 4 + length]
        method, target, _ = lines[0].split(" ", 2)
        path, _, query = target.partition("?")
        return Request(method, unquote(path), parse_qsl(query, keep_blank_values=True), headers, body)

    async def _answer(self, request: Request) -> None:
        server = self.server
        if request.path.startswith(CONTROL):
            self._send(server.control(request))
        else:
            server.count(request)
            counts = server.counts
            try:
                await self._reply(request)
            finally:
                counts.at_once -= 1
                if server.counts is not counts:
                    server.counts.at_once -= 1
        self.answering = None
        if self.is_open:
            self._next()

    async def _reply(self, request: Request) -> None:
        server = self.server
        refused = server.api.refusal(request, server.counts.at_once)
        breakage = None if refused else server.faults.breakage(request.subject, request.number)
        if breakage:
            server.counts.faults[breakage.kind] += 1
        if server.api.latency and not refused:
            await asyncio.sleep(server.api.latency)
        reply = refused or (server.api.broken(request, breakage) if breakage else None)
        if reply is None:
            reply = self._answered(request)
        server.counts.statuses[str(reply.status)] += 1
        await self._broken_send(reply, breakage.kind if breakage else "", breakage.seconds if breakage else 0)

    def _answered(self, request: Request) -> Reply:
        """Answer of the system; a fault of this server itself is told, not hidden in a silence."""
        try:
            return self.server.api.answer(request)
        except Exception:  # noqa: BLE001 whatever it is
            sys.stderr.write(traceback.format_exc())
            return Reply(500, b'{"error": "fault of the loopback server itself: see its standard error"}')

    async def _broken_send(self, reply: Reply, kind: str, seconds: float) -> None:
        """Send an answer whole, or in the way in which its fault breaks it."""
        if kind == "hang":
            await asyncio.sleep(seconds)
            self._close(is_reset=True)
        elif kind == "reset":
            self._close(is_reset=True)
        elif kind == "reset_in_body":
            self.transport.write(self._head(reply) + reply.body[: len(reply.body) // 2])
            await asyncio.sleep(0.02)
            self._close(is_reset=True)
        elif kind == "torn":
            self.transport.write(self._head(reply) + reply.body[: len(reply.body) * 2 // 3])
            self._close(is_reset=False)
        elif kind == "torn_chunk":
            part = reply.body[: len(reply.body) * 2 // 3]
            size = f"{len(reply.body):x}\r\n".encode()
            self.transport.write(self._head(reply, is_chunked=True) + size + part)
            self._close(is_reset=False)
        elif kind == "slow":
            await self._dribble(reply, seconds)
        else:
            if kind == "late":
                await asyncio.sleep(seconds)
            self._send(reply)

    async def _dribble(self, reply: Reply, seconds: float) -> None:
        """Send a body in twenty parts over some seconds."""
        self.transport.write(self._head(reply))
        size = max(1, -(-len(reply.body) // 20))
        for start in range(0, len(reply.body), size):
            await asyncio.sleep(seconds / 20)
            self.transport.write(reply.body[start : start + size])

    def _send(self, reply: Reply) -> None:
        self.server.counts.bytes_sent += len(reply.body)
        self.transport.write(self._head(reply) + reply.body)

    def _head(self, reply: Reply, *, is_chunked: bool = False) -> bytes:
        lines = [
            f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}",
            f"Date: {formatdate(self.server.api.now(), usegmt=True)}",
            f"Content-Type: {reply.content_type}",
            "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(reply.body)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _close(self, *, is_reset: bool) -> None:
        self.is_open = False
        if is_reset:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()
        else:
            self.transport.close()
