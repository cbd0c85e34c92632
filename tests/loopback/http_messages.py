"""Requests, answers, and what a system that answers them must say."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Breakage


@dataclass
class Request:
    """One request: header names in lower case, parameters in their order."""

    method: str
    path: str
    parameters: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    subject: str = ""  # what faults and counters call it
    number: int = 0  # the how-many-th of its subject, from 1

    def json(self) -> Any:
        """Body read as JSON."""
        return json.loads(self.body or b"null")


@dataclass
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def json_reply(status: int, content: object, **headers: str) -> Reply:
    """Answer with indented JSON, as both systems do."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(content, indent=2, ensure_ascii=False).encode(), named)


class Api(ABC):
    """What a server answers; each system has its own."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.latency = float(options.get("latency", 0))
        self.skew = float(options.get("clock_skew", 0))

    def now(self) -> float:
        """Clock of the server."""
        return time.time() + self.skew

    @abstractmethod
    def subject(self, request: Request) -> str:
        """Name under which a request is counted and broken."""

    @abstractmethod
    def refusal(self, request: Request, at_once: int) -> Reply | None:
        """Answer given before the request is looked at: limits."""

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Answer to a request."""

    @abstractmethod
    def broken(self, request: Request, breakage: Breakage) -> Reply | None:
        """Answer of a fault that the system itself words; none when the connection is what breaks."""

    @abstractmethod
    def control(self, name: str, content: Any) -> object:
        """What a test tells or asks the server itself."""
