"""The only place that asks for the time: when a run began and how long it took, for ``run.json``."""

from __future__ import annotations

import datetime as dt
import time


def now() -> str:
    """Return the present instant in UTC, to the second, in ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def elapsed() -> float:
    """Return a clock reading in seconds whose differences are durations."""
    return time.monotonic()
