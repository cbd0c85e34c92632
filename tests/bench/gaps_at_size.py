"""The gap room at size: its tables made once, each way in a fresh process, the best round counts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.at_size import REPOSITORY, best_of, company_files
from tests.bench.measured import Measured
from tests.bench.report import aligned, growth_of, met

LABELS = {"gaps": "kit: gaps", "bare tables": "tables read and written", "reference": "plain-Python reference"}
MOST_BARE, MOST_REFERENCE, MOST_GROWTH, MOST_GIB, FOR_REFERENCE = 10, 1 / 20, 1.1, 8, 10_000
NOTE = """
s           seconds, the best of the rounds, each in a fresh process, from the tables of notebooks 02 and 03
/tables     times the seconds in which the room's input tables are read whole and its output tables written
/reference  times the seconds of the plain-Python reference, one unit at a time, up to 10,000 accounts
MiB         most memory the process had held
growth      exponent from the smallest to the largest company by accounts: 1 is in proportion, 2 is quadratic
"""


@dataclass(frozen=True)
class Compared:
    """What was measured of one company, by name."""

    accounts: int
    best: dict[str, Measured]

    def ratio(self, name: str) -> float | None:
        """Seconds of the kit in those of a baseline; none where that was not run."""
        return self.best["gaps"].seconds / self.best[name].seconds if name in self.best else None


def measure_gaps(folder: Path, accounts: int, rounds: int) -> Compared:
    """Measure each way by turns."""
    ways = ["gaps", "bare tables", *(["reference"] if accounts <= FOR_REFERENCE else [])]
    return Compared(accounts, best_of(ways, tables_of(folder, accounts), rounds))


def tables_of(folder: Path, accounts: int) -> Path:
    """Return the tables of a company, made now unless an earlier run has kept them."""
    tables, partial = folder / str(accounts) / "tables", folder / str(accounts) / "tables.partial"
    if not tables.exists():
        raw = company_files(folder, accounts)
        command = [sys.executable, "-m", "tests.bench.gap_tables", str(raw), str(partial)]
        subprocess.run(command, check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
        partial.rename(tables)
    return tables


def table_of_gaps(companies: Sequence[Compared]) -> str:
    """Write the table, what its columns mean, and how far the targets are met."""
    heads = ["s", "/tables", "/reference", "MiB"]
    rows = [
        ["gaps at size", *(cell for one in companies for cell in (f"{one.accounts:,} accounts", "", "", "")), ""],
        ["", *(cell for one in companies for cell in (f"{one.best['gaps'].rows:,} gaps", "", "", "")), ""],
        ["", *heads * len(companies), "growth"],
    ]
    for name, label in LABELS.items():
        exponent = growth(companies) if name == "gaps" else None
        cells = (cell for one in companies for cell in _cells(one, name))
        rows.append([label, *cells, "" if exponent is None else f"{exponent:.2f}"])
    return "\n".join([*aligned(rows), NOTE, *targets(companies)])


def _cells(company: Compared, name: str) -> list[str]:
    if name not in company.best:
        return [""] * 4
    found = company.best[name]
    ratios = [company.ratio(other) if name == "gaps" else None for other in ("bare tables", "reference")]
    texts = ["" if ratio is None else f"{ratio:.3f}" for ratio in ratios]
    return [f"{found.seconds:.2f}", *texts, f"{found.peak_mib:,.0f}"]


def growth(companies: Sequence[Compared]) -> float | None:
    """Exponent of the kit's seconds by accounts; none of one size."""
    return growth_of(companies, lambda one: one.best["gaps"].seconds)


def targets(companies: Sequence[Compared]) -> Iterator[str]:
    """Say of each target whether it is met; information, never a failure."""
    last, exponent = companies[-1], growth(companies)
    with_reference = [one for one in companies if "reference" in one.best]
    yield f"targets at {last.accounts:,} accounts, {last.best['gaps'].rows:,} gaps:"
    yield met(last.ratio("bare tables"), MOST_BARE, "× reading and writing the tables")
    if with_reference:
        one = with_reference[-1]
        yield met(one.ratio("reference"), MOST_REFERENCE, f"× the reference at {one.accounts:,} accounts")
    yield met(last.best["gaps"].peak_mib / 1024, MOST_GIB, "GiB of memory")
    if exponent is not None:
        yield met(exponent, MOST_GROWTH, f"growth from {companies[0].accounts:,} accounts on")
