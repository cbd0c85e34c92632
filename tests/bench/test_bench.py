"""The bench runs, measures what it says, and its baselines do the same work as one another."""

import re
from itertools import islice
from pathlib import Path

import polars as pl
import pytest

from tests.bench.__main__ import main
from tests.bench.at_size import LABELS, Company, company_files, table_of, targets
from tests.bench.baselines import read_with_duckdb
from tests.bench.gaps_at_size import LABELS as GAP_LABELS
from tests.bench.gaps_at_size import Compared
from tests.bench.gaps_at_size import targets as gap_targets
from tests.bench.link_keys import TABLES
from tests.bench.links_at_size import LABELS as LINK_LABELS
from tests.bench.links_at_size import Linked
from tests.bench.links_at_size import targets as link_targets
from tests.bench.measured import Measured, peak_mib, timed
from tests.bench.plain_pandas import by_habit, by_hand
from tests.world.__main__ import main as write_world


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    write_world(
        ["--out", str(folder / "40" / "raw"), "--accounts", "40", "--only", "all", "--plain", "--processes", "1"]
    )
    return folder


def company(accounts: int, invoices: int, **seconds: float) -> Company:
    named = {name.replace("_", " "): taken for name, taken in seconds.items()}
    return Company(accounts, invoices, {name: Measured(name, taken, 1000, 2048) for name, taken in named.items()})


def test_normalise_at_size_runs(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--stages", "", "--accounts", "40", "--gaps", "", "--links", "", "--keep", str(kept)])
    told = capsys.readouterr().out
    for label in LABELS.values():
        assert re.search(rf"^{re.escape(label)} +\d+\.\d\d ", told, re.MULTILINE), label
    assert re.search(r"^40 accounts|normalise at size +40 accounts", told, re.MULTILINE)
    assert len(re.findall(r"^  (PASS|over)  ", told, re.MULTILINE)) == 4


@pytest.mark.soak
def test_the_stages_of_a_close_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--accounts", "", "--gaps", "", "--links", "", "--stages", "20"])
    assert re.search(r"^together +\d", capsys.readouterr().out, re.MULTILINE)


def test_the_gap_room_at_size_runs(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--stages", "", "--accounts", "", "--gaps", "40", "--links", "", "--keep", str(kept)])
    told = capsys.readouterr().out
    for label in GAP_LABELS.values():
        assert re.search(rf"^{re.escape(label)} +\d+\.\d\d ", told, re.MULTILINE), label
    assert len(re.findall(r"^  (PASS|over)  ", told, re.MULTILINE)) == 3


@pytest.mark.soak
def test_links_at_size_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--stages", "", "--accounts", "", "--gaps", "", "--links", "300", "--keep", str(tmp_path)])
    told = capsys.readouterr().out
    for label in LINK_LABELS.values():
        assert re.search(rf"^{re.escape(label)} +\d+\.\d\d +\d+\.\d\d +[\d,]+ +0\.9\d\d\d ", told, re.MULTILINE), label
    assert len(re.findall(r"^  (PASS|over)  ", told, re.MULTILINE)) == 3
    keys = {name: pl.read_parquet(tmp_path / "links" / "300" / "keys" / f"{name}.parquet") for name in TABLES}
    assert keys["account_keys"].height == pytest.approx(1.48 * keys["customer_keys"].height, rel=0.05)
    assert keys["customer_keys"].height == pytest.approx(300, rel=0.05)
    assert 0.9 < keys["truth"]["account_id"].is_not_null().mean() < 1


def test_ratios_of_the_links() -> None:
    small, large = (
        Linked(size, {name: Measured(name, taken, size, 2048, f1) for name, taken, f1 in found})
        for size, found in (
            (100, [("links", 1, 0.9), ("bare splink", 2, 0.8)]),
            (1000, [("links", 45, 0.8), ("bare splink", 30, 0.9)]),
        )
    )
    told = list(link_targets([small, large]))
    assert [line.split()[0] for line in told[1:]] == ["over", "over", "PASS", "over"]
    assert "1.500 of at most 1 × bare Splink" in told[1]
    assert "0.200 of at most 0.1 of F1 missing" in told[2]
    assert "4.500 of at most 4 × the time a customer at 100" in told[4]
    assert [line.split()[0] for line in link_targets([small])][1:] == ["PASS"] * 3


def test_ratios_and_growth_of_the_gap_room() -> None:
    small = compared(10, gaps=1, bare_tables=0.05, reference=10)
    large = compared(100, gaps=20, bare_tables=4)
    told = list(gap_targets([small, large]))
    assert [line.split()[0] for line in told[1:]] == ["PASS", "over", "PASS", "over"]
    assert "5.000 of at most 10 × reading" in told[1]
    assert "0.100 of at most 0.05 × the reference at 10 accounts" in told[2]
    assert "1.301 of at most 1.1 growth" in told[4]


def compared(accounts: int, **seconds: float) -> Compared:
    return Compared(accounts, company(accounts, 0, **seconds).best)


def test_a_kept_company_is_not_made_again(kept: Path) -> None:
    raw = kept / "40" / "raw"
    before = {file: file.stat().st_mtime_ns for file in raw.rglob("*")}
    assert company_files(kept, 40) == raw
    assert {file: file.stat().st_mtime_ns for file in raw.rglob("*")} == before


def test_ratios_growth_and_targets() -> None:
    small = company(10, 100, kit=1, kit_stripe=0.5, duckdb=0.5, duckdb_stripe=0.5, pandas=9, pandas_by_hand=1)
    large = company(100, 1000, kit=10, kit_stripe=5, duckdb=4, duckdb_stripe=4, pandas=45, pandas_by_hand=20)
    told = list(targets([small, large]))
    assert [line.split()[0] for line in told[1:]] == ["PASS", "over", "over", "PASS", "PASS"]
    assert "2.500 of at most 5 × DuckDB" in told[1]
    assert "0.111 of at most 0.1" in told[2], "5 s over 1,000 invoices, against 45 s over its 1,000 rows"
    assert "1.000 of at most 1.1 growth" in told[5]
    assert "1.25" in table_of([small, large]), "the kit's Stripe part in DuckDB's"


def test_both_plain_ways_make_the_same_frames(kept: Path) -> None:
    with (kept / "40" / "raw" / "stripe" / "invoices.jsonl").open(encoding="utf-8") as opened:
        texts = list(islice(opened, 500))
    for one, other in zip(by_hand(iter(texts)), by_habit(iter(texts)), strict=True):
        assert set(one.columns) == set(other.columns)
        for name in one.columns:
            first, second = (frame[name].astype(object).where(frame[name].notna(), None) for frame in (one, other))
            assert first.equals(second), name
        assert len(one) >= len(texts)


def test_duckdb_reads_every_record(kept: Path) -> None:
    raw = kept / "40" / "raw"
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in (raw / "stripe").iterdir())
    assert read_with_duckdb(raw, salesforce=False) == lines
    assert read_with_duckdb(raw) > lines


def test_peak_memory_is_the_own_of_the_process() -> None:
    def hold() -> int:
        return len(bytes(200 * 2**20))

    before = peak_mib()
    assert timed("hold", hold).peak_mib >= min(before + 50, 200)
