"""Links at size: a company of names made once, the kit's model and bare Splink each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.at_size import REPOSITORY, best_of
from tests.bench.measured import Measured
from tests.bench.once import LINKING
from tests.bench.report import aligned, met

LABELS = {"links": "kit: link model", "bare splink": "bare Splink"}
MOST_SPLINK, MOST_EACH, MOST_GIB = 1, 4, 12
OPENED, PROSPECTS = 1.05, 0.43
"""Stories and prospects a customer, for 1.48 accounts each: some stories have no customer."""
NOTE = """
s         seconds, the best of the rounds, each in a fresh process, from prepared keys to a probability for every pair
/Splink   times the seconds of Splink as its documentation shows: register, prior, u, EM, predict, on the same columns
µs        microseconds a customer
F1        of each customer's likeliest account at even odds or better; no id is known
MiB       most memory the process had held
"""


@dataclass(frozen=True)
class Linked:
    """What was measured of one company, by name."""

    customers: int
    best: dict[str, Measured]

    @property
    def ratio(self) -> float:
        """Seconds of the kit in those of bare Splink."""
        return self.best["links"].seconds / self.best["bare splink"].seconds

    @property
    def each(self) -> float:
        """Microseconds of the kit a customer."""
        return self.best["links"].seconds / self.best["links"].rows * 1e6


def measure_links(folder: Path, customers: int, rounds: int) -> Linked:
    """Measure both ways by turns on a company of names, made now unless an earlier run has kept it."""
    home = folder / "links" / str(customers)
    raw, partial = home / "raw", home / "raw.partial"
    if not raw.exists():
        of = {"--out": partial, "--accounts": int(OPENED * customers), "--prospects": int(PROSPECTS * customers)}
        told = [str(part) for pair in of.items() for part in pair]
        _run("tests.world", *told, "--only", "names", "--plain")
        partial.rename(raw)
    return measure_source(raw, home, customers, rounds)


def measure_source(source: Path, home: Path, customers: int, rounds: int) -> Linked:
    """Measure both ways by turns on what :mod:`tests.bench.link_keys` reads."""
    keys, partial = home / "keys", home / "keys.partial"
    if not keys.exists():
        _run("tests.bench.link_keys", str(source), str(partial))
        partial.rename(keys)
    return Linked(customers, best_of(LINKING, keys, rounds))


def _run(module: str, *told: str) -> None:
    subprocess.run([sys.executable, "-m", module, *told], check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)


def table_of_links(companies: Sequence[Linked]) -> str:
    """Write the table, what its columns mean, and how far the targets are met."""
    heads = ["s", "/Splink", "µs", "F1", "MiB"]
    rows = [
        ["links at size", *(cell for one in companies for cell in (f"{one.customers:,} customers", *[""] * 4))],
        ["", *heads * len(companies)],
        *([label, *(cell for one in companies for cell in _cells(one, name))] for name, label in LABELS.items()),
    ]
    return "\n".join([*aligned(rows), NOTE, *targets(companies)])


def _cells(company: Linked, name: str) -> list[str]:
    found = company.best[name]
    return [
        f"{found.seconds:.2f}",
        f"{found.seconds / company.best['bare splink'].seconds:.2f}",
        f"{found.seconds / found.rows * 1e6:,.0f}",
        f"{found.f1:.4f}",
        f"{found.peak_mib:,.0f}",
    ]


def targets(companies: Sequence[Linked]) -> Iterator[str]:
    """Say of each target whether it is met; information, never a failure."""
    first, last = companies[0], companies[-1]
    missed = [1 - (found.f1 or 0) for found in last.best.values()]
    yield f"targets at {last.customers:,} customers:"
    yield met(last.ratio, MOST_SPLINK, "× bare Splink")
    yield met(missed[0], round(missed[1], 4), "of F1 missing, against bare Splink")
    yield met(last.best["links"].peak_mib / 1024, MOST_GIB, "GiB of memory")
    if first.customers != last.customers:
        yield met(last.each / first.each, MOST_EACH, f"× the time a customer at {first.customers:,}")
