"""Time the stages of a close on generated companies of growing size: ``python -m tests.bench --accounts 500,1000``."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.baselines import DUCKDB, PYTHON, load_invoices, read_with_duckdb
from tests.bench.report import Size, table_of
from tests.bench.stages import Stopwatch, close
from tests.whole_close import write_params

USUAL, QUICK = (500, 1000, 2000), (150, 300)
REPOSITORY = Path(__file__).resolve().parents[2]


def render(raw: Path, accounts: int) -> None:
    """Write a company's raw files, unzipped, in a process of its own: its memory is not that of a close."""
    told = ["--out", str(raw), "--accounts", str(accounts), "--plain"]
    subprocess.run([sys.executable, "-m", "tests.world", *told], check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)


def measure(folder: Path, accounts: int, rounds: int) -> Size:
    """Time closes and baselines by turns and keep the best of each; a first turn only warms up."""
    raw = folder / "raw"
    render(raw, accounts)
    params = write_params(folder, raw)
    _, records = close(params, folder / "warm-up")
    peak = peak_mib()
    read, invoices = read_with_duckdb(raw), load_invoices(raw)
    if read != records:
        message = f"The kit counted {records} records and DuckDB {read}: they did not do the same work."
        raise RuntimeError(message)
    seconds: dict[str, float] = {}
    for number in range(rounds):
        timed, _ = close(params, folder / f"close-{number}")
        for name, taken in (timed | time_baselines(raw)).items():
            seconds[name] = min(taken, seconds.get(name, taken))
    return Size(accounts, records, invoices, seconds, peak)


def time_baselines(raw: Path) -> dict[str, float]:
    """Return seconds by baseline."""
    watch = Stopwatch()
    with watch.timing(DUCKDB):
        read_with_duckdb(raw)
    with watch.timing(PYTHON):
        load_invoices(raw)
    return dict(watch.seconds)


def peak_mib() -> float:
    """Return the most memory this process has held so far, in MiB; macOS counts bytes, Linux KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def sizes(text: str) -> tuple[int, ...]:
    """Read ``500,1000`` as sizes, smallest first: peak memory only ever rises."""
    return tuple(sorted({int(part) for part in text.split(",")}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every size, then print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--accounts", type=sizes, metavar="N,N", help="sizes of company; default 500,1000,2000")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed; the best counts")
    parser.add_argument("--quick", action="store_true", help="150 and 300 accounts, two rounds")
    chosen = parser.parse_args(arguments)
    rounds = min(chosen.rounds, 2) if chosen.quick else chosen.rounds
    measured = []
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as scratch:
        for accounts in chosen.accounts or (QUICK if chosen.quick else USUAL):
            print(f"{accounts:,} accounts …", file=sys.stderr, flush=True)
            measured.append(measure(Path(scratch) / str(accounts), accounts, rounds))
    print(table_of(measured))


if __name__ == "__main__":
    main()
