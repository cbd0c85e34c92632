"""Normalise at size: a large company made once, each way of reading it in a fresh process, the best round counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measured import Measured
from tests.bench.once import READING
from tests.bench.report import aligned, growth_of, met

REPOSITORY = Path(__file__).resolve().parents[2]
LABELS = {
    "kit stripe": "kit: Stripe",
    "kit": "kit: normalise",
    "duckdb stripe": "DuckDB: Stripe files",
    "duckdb": "DuckDB: all files",
    "pandas": "json + pandas",
    "pandas by hand": "json + pandas by hand",
}
PLAIN = ("pandas", "pandas by hand")
BASELINE = {"kit stripe": "duckdb stripe", "kit": "duckdb"}
MOST_DUCKDB, MOST_PANDAS, MOST_GIB, MOST_GROWTH = 5, 0.1, 6, 1.1
NOTE = """
s         seconds, the best of the rounds, each in a fresh process, on unzipped files
/DuckDB   times the seconds in which DuckDB reads the same files into Arrow, columns named, no meaning given to anything
µs        microseconds an invoice; of json + pandas over the first 100,000 invoices only
/pandas   times the microseconds an invoice of json + pandas: json.loads a line, json_normalize, amounts and dates typed;
          by hand: each object reduced to the fields wanted before the next is read
MiB       most memory the process had held; of "kit: normalise" reading Stripe included
growth    exponent from the smallest to the largest company by accounts: 1 is in proportion, 2 is quadratic
"""


@dataclass(frozen=True)
class Company:
    """What was measured of one company, by name."""

    accounts: int
    invoices: int
    best: dict[str, Measured]

    def ratio(self, name: str) -> float:
        """Seconds of the kit in those of DuckDB on the same files."""
        return self.best[name].seconds / self.best[BASELINE[name]].seconds

    def each(self, name: str) -> float:
        """Microseconds an invoice."""
        rows = self.best[name].rows if name in PLAIN else self.invoices
        return self.best[name].seconds / rows * 1e6


def company_files(folder: Path, accounts: int) -> Path:
    """Return the raw files of a company, made now unless an earlier run has kept them."""
    raw, partial = folder / str(accounts) / "raw", folder / str(accounts) / "raw.partial"
    if not raw.exists():
        told = ["--out", str(partial), "--accounts", str(accounts), "--only", "all", "--plain"]
        subprocess.run(
            [sys.executable, "-m", "tests.world", *told], check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL
        )
        partial.rename(raw)
    return raw


def measure(folder: Path, accounts: int, rounds: int) -> Company:
    """Measure each way of reading a company, by turns."""
    best = best_of(READING, company_files(folder, accounts), rounds)
    return Company(accounts, best["kit"].rows, best)


def best_of(ways: Iterable[str], folder: Path, rounds: int) -> dict[str, Measured]:
    """Measure ways by turns; the best round of each counts."""
    best = dict[str, Measured]()
    for way in [way for _ in range(rounds) for way in ways]:
        for found in once(way, folder):
            known = best.get(found.name, found)
            best[found.name] = found if found.seconds < known.seconds else known
    return best


def once(way: str, folder: Path) -> Iterator[Measured]:
    """Measure one way of using a company's files, or its tables, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.once", way, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or ["it said nothing; was it stopped for want of memory?"]
        message = f"Measuring {way} of {folder} ended with {done.returncode}: {told[0]}"
        raise RuntimeError(message)
    return (Measured(**found) for found in json.loads(done.stdout.splitlines()[-1]))


def table_of(companies: Sequence[Company]) -> str:
    """Write the table, what its columns mean, and how far the targets are met."""
    heads = ["s", "/DuckDB", "µs", "/pandas", "MiB"]
    rows = [
        ["normalise at size", *(cell for one in companies for cell in (f"{one.accounts:,} accounts", *[""] * 4)), ""]
    ]
    rows += [["", *(cell for one in companies for cell in (f"{one.invoices:,} inv.", *[""] * 4)), ""]]
    rows += [["", *heads * len(companies), "growth"]]
    rows += [
        [label, *(cell for one in companies for cell in _cells(one, name)), _grown(companies, name)]
        for name, label in LABELS.items()
    ]
    return "\n".join([*aligned(rows), NOTE, *targets(companies)])


def _cells(company: Company, name: str) -> list[str]:
    found, is_kit = company.best[name], name in BASELINE
    return [
        f"{found.seconds:.2f}",
        f"{company.ratio(name):.2f}" if is_kit else "",
        f"{company.each(name):.2f}",
        f"{company.each(name) / company.each('pandas'):.3f}" if is_kit else "",
        f"{found.peak_mib:,.0f}",
    ]


def growth(companies: Sequence[Company], name: str) -> float | None:
    """Exponent of seconds by accounts; none of one size."""
    return growth_of(companies, lambda one: one.best[name].seconds)


def _grown(companies: Sequence[Company], name: str) -> str:
    exponent = None if name in PLAIN else growth(companies, name)
    return "" if exponent is None else f"{exponent:.2f}"


def targets(companies: Sequence[Company]) -> Iterator[str]:
    """Say of each target whether the largest company meets it; information, never a failure."""
    last, exponent = companies[-1], growth(companies, "kit")
    yield f"targets at {last.accounts:,} accounts, {last.invoices:,} invoices:"
    yield met(last.ratio("kit"), MOST_DUCKDB, "× DuckDB, kit: normalise against all files")
    for name in PLAIN:
        yield met(last.each("kit stripe") / last.each(name), MOST_PANDAS, f"× {LABELS[name]} an invoice, kit: Stripe")
    yield met(last.best["kit"].peak_mib / 1024, MOST_GIB, "GiB of memory, kit: normalise")
    if exponent is not None:
        yield met(exponent, MOST_GROWTH, f"growth of kit: normalise from {companies[0].accounts:,} accounts on")
