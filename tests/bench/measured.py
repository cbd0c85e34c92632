"""What something took: seconds, rows and memory."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What one way of reading took: ``rows`` are the records it read, ``peak_mib`` the most the process has held.

    ``f1`` is how well it linked, of a way that links.
    """

    name: str
    seconds: float
    rows: int
    peak_mib: float
    f1: float | None = None


def timed(name: str, read: Callable[[], int], before: float = 0) -> Measured:
    """Run something once that returns its rows; ``before`` are seconds that belong to it already."""
    gc.collect()
    begun = time.perf_counter()
    rows = read()
    return Measured(name, before + time.perf_counter() - begun, rows, peak_mib())


def peak_mib() -> float:
    """Return the most memory this process has held so far, in MiB.

    Linux hands ``ru_maxrss`` down to a child, so a fresh process would report its parent's; ``VmHWM`` is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
