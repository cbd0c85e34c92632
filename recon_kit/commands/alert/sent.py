"""``alerts_sent.jsonl``, beside the closes: what was told to whom, so that nobody hears the same twice.

One line for each alert and route, appended and never changed. It names environment variables, never what they hold.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from recon_kit.policy import SettingsError

SENT_FILE = "alerts_sent.jsonl"
SENT, UNDELIVERED, GONE = "sent", "undelivered", "gone"
LOCK_SECONDS = 60
_PRIVATE_FILE = 0o600


class Line(BaseModel):
    """What became of an alert on a route.

    ``status``: ``sent``, ``undelivered`` (tried in vain, to be tried again), or ``gone`` (a later close no longer
    raises it, so that it is news when it comes back). ``content_sha256`` is that of the alert, ``as_of`` the day of its
    close.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    as_of: str
    alert_id: str
    content_sha256: str
    variable: str
    teams: tuple[str, ...]
    status: Literal["sent", "undelivered", "gone"]
    note: str = ""

    @property
    def route(self) -> tuple[str, str]:
        """What a line is about: the alert and where it goes."""
        return self.alert_id, self.variable


@contextlib.contextmanager
def holding(file: Path) -> Iterator[None]:
    """Hold the lock of the file: two runs at once would tell the same twice.

    Raises:
        SettingsError: another run has held it for a minute.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=LOCK_SECONDS):
            _drop_half_a_line(file)
            yield
    except Timeout as fault:
        message = f"Another run has been sending alerts for {LOCK_SECONDS} seconds. Wait until it ends, and try again."
        raise SettingsError(message) from fault


def _drop_half_a_line(file: Path) -> None:
    """Take away what an interrupted run left after the last whole line, so that lines can be added."""
    if file.is_file():
        with file.open("r+b") as opened:
            opened.truncate(opened.read().rfind(b"\n") + 1)


def read_lines(file: Path) -> list[Line]:
    """Read every line, oldest first; a last line that an interrupted run left half-written counts as not written.

    Raises:
        SettingsError: names the line that cannot be read.
    """
    whole = file.read_bytes().rpartition(b"\n")[0] if file.is_file() else b""
    return [_parsed(number, text, file) for number, text in enumerate(whole.split(b"\n"), start=1) if text]


def _parsed(number: int, text: bytes, file: Path) -> Line:
    try:
        return Line.model_validate_json(text)
    except ValidationError as fault:
        message = (
            f"Line {number} of {file.name} is not as recon writes it. Restore the file from a copy, or take the line "
            "out: what it tells of may then be sent once more."
        )
        raise SettingsError(message) from fault


def latest(lines: Iterable[Line]) -> dict[tuple[str, str], Line]:
    """Take of each alert and route what was written last."""
    return {line.route: line for line in lines}


def append(file: Path, line: Line) -> None:
    """Add a line and wait until the disk has it; only while :func:`holding` the file."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE_FILE)
    with os.fdopen(handle, "ab") as opened:
        opened.write(json.dumps(line.model_dump(mode="json"), ensure_ascii=False).encode() + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
