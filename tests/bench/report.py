"""One table of what was measured: seconds, ratios to the baselines of the same run, and growth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tests.bench.baselines import BASELINES, DUCKDB, PYTHON
from tests.bench.stages import STAGES

TOGETHER = "together"
NOTE = f"""
s         seconds, the best of the rounds, in this process, on unzipped files
/DuckDB   times the seconds of "{DUCKDB}": JSON and CSV with named columns, into Arrow, at the same size
/json     times the seconds of "{PYTHON}": one row after the other in plain Python, at the same size
growth    exponent from the smallest to the largest company by accounts: 1 is in proportion, 2 is quadratic
peak      most memory the process had held after its first close of that size, in MiB
"""


@dataclass(frozen=True)
class Size:
    """What was measured of one company; ``seconds`` by stage and by baseline."""

    accounts: int
    records: int
    invoices: int
    seconds: dict[str, float]
    peak_mib: float

    def taken(self, name: str) -> float:
        """Return the seconds of a stage, of a baseline, or of all stages together."""
        return sum(self.seconds[stage] for stage in STAGES) if name == TOGETHER else self.seconds[name]


def table_of(sizes: Sequence[Size]) -> str:
    """Write the table: a row per stage and baseline, three columns per size, and what the columns mean."""
    rows = [["accounts", *(cell for size in sizes for cell in (f"{size.accounts:,}", "", "")), ""]]
    rows += [["stage", *["s", "/DuckDB", "/json"] * len(sizes), "growth"]]
    rows += [_timed(name, sizes) for name in (*STAGES, TOGETHER, *BASELINES)]
    rows += [
        _counted("peak", sizes, lambda size: size.peak_mib),
        _counted("records", sizes, lambda size: size.records),
        _counted("invoices", sizes, lambda size: size.invoices),
    ]
    return "\n".join(aligned(rows)) + "\n" + NOTE


def _timed(name: str, sizes: Sequence[Size]) -> list[str]:
    cells = []
    for size in sizes:
        taken = size.taken(name)
        cells += [f"{taken:.3f}", f"{taken / size.taken(DUCKDB):.2f}", f"{taken / size.taken(PYTHON):.2f}"]
    return [name, *cells, _growth(sizes, lambda size: size.taken(name))]


def _counted(name: str, sizes: Sequence[Size], count: Callable[[Size], float]) -> list[str]:
    return [name, *(cell for size in sizes for cell in (f"{count(size):,.0f}", "", "")), _growth(sizes, count)]


def _growth(sizes: Sequence[Size], measure: Callable[[Size], float]) -> str:
    exponent = growth_of(sizes, measure)
    return "" if exponent is None else f"{exponent:.2f}"


class OfSomeSize(Protocol):
    """A company of so many accounts."""

    @property
    def accounts(self) -> int:
        """How many."""


Sized = TypeVar("Sized", bound=OfSomeSize)


def growth_of(sizes: Sequence[Sized], measure: Callable[[Sized], float]) -> float | None:
    """Exponent of a measure from the first to the last size, by accounts; none of one size."""
    first, last = sizes[0], sizes[-1]
    if first.accounts == last.accounts:
        return None
    return math.log(measure(last) / measure(first)) / math.log(last.accounts / first.accounts)


def met(found: float, most: float, what: str) -> str:
    """Say whether a target is met; information, never a failure."""
    return f"  {'PASS' if found <= most else 'over'}  {found:.3f} of at most {most:g} {what}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad the first column to the right and the others to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return ["  ".join(row).rstrip() for row in padded]
