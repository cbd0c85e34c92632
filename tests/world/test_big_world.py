"""A company as large as they come, faults included: the close is as true as that of a small one."""

import time
from pathlib import Path

import pytest

from tests.bench.baselines import DUCKDB, read_with_duckdb
from tests.whole_close import run_cells, write_params
from tests.world.__main__ import main
from tests.world.against_truth import assert_close_is_true

ACCOUNTS = 20_000


@pytest.mark.soak
def test_a_big_world_closes_as_truly_as_a_small_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tmp_path / "raw"
    main(["--out", str(raw), "--seed", "11", "--accounts", str(ACCOUNTS), "--only", "all", "--plain"])
    begun = time.perf_counter()
    close = run_cells(write_params(tmp_path, raw), tmp_path / "close")
    closed = time.perf_counter()
    records = read_with_duckdb(raw)
    read = time.perf_counter() - closed
    with capsys.disabled():
        ratio = (closed - begun) / read
        print(f"\n{ACCOUNTS:,} accounts, {records:,} records: closed in {closed - begun:.1f} s, "
              f"{ratio:.1f} × the {read:.1f} s in which {DUCKDB}")  # fmt: skip
    assert_close_is_true(close, raw)
