"""The only place that asks for the time: when a run or a pull began, and how long it took."""

from __future__ import annotations

import datetime as dt
import time


def now() -> str:
    """Return the present instant in UTC, to the second, in ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def stamp() -> str:
    """Return the present instant as the journal and signatures write it: to the second, ending in Z."""
    return now().replace("+00:00", "Z")


def epoch() -> int:
    """Return the present instant in seconds since 1970-01-01 UTC."""
    return int(time.time())


def elapsed() -> float:
    """Return a clock reading in seconds whose differences are durations."""
    return time.monotonic()
