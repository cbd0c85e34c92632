"""The stages of a whole close on companies of growing size, beside the baselines, in one process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.baselines import DUCKDB, PYTHON, load_invoices, read_with_duckdb
from tests.bench.measured import peak_mib
from tests.bench.report import Size, table_of
from tests.bench.stages import Stopwatch, close
from tests.whole_close import write_params

REPOSITORY = Path(__file__).resolve().parents[2]


def table_of_closes(folder: Path, sizes: Sequence[int], rounds: int) -> str:
    """Close companies of these sizes, smallest first since peak memory only rises, and write the table."""
    measured = []
    for accounts in sorted(set(sizes)):
        print(f"closing {accounts:,} accounts …", file=sys.stderr, flush=True)
        measured.append(measure(folder / str(accounts), accounts, rounds))
    return table_of(measured)


def measure(folder: Path, accounts: int, rounds: int) -> Size:
    """Time closes and baselines by turns and keep the best of each; a first turn only warms up."""
    raw = folder / "raw"
    _render(raw, accounts)
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


def _render(raw: Path, accounts: int) -> None:
    """Write a company's raw files, unzipped, in a process of its own: its memory is not that of a close."""
    told = ["--out", str(raw), "--accounts", str(accounts), "--plain"]
    subprocess.run([sys.executable, "-m", "tests.world", *told], check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)


def time_baselines(raw: Path) -> dict[str, float]:
    """Return seconds by baseline."""
    watch = Stopwatch()
    with watch.timing(DUCKDB):
        read_with_duckdb(raw)
    with watch.timing(PYTHON):
        load_invoices(raw)
    return dict(watch.seconds)
