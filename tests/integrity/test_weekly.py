"""The weekly review over real closes of a small company: five weeks in which gaps appear, change and go."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from recon_kit.artifacts import MANIFEST, CloseFolder
from recon_kit.close import trend
from recon_kit.runner.execute import execute_here
from recon_kit.runner.weekly import REVIEW
from tests.past_closes import finish
from tests.raw_company import Snapshot
from tests.small_close import TERM, close_again, everything
from tests.whole_close import recon, write_params

# week         sold to company 2    to 3    to 4       what is wrong
WEEKS = {
    "2026-10-03": ("2,400", "", ""),  # 400 more than billed; 700 billed and not sold
    "2026-10-10": ("2,600", "", ""),  # 600 more
    "2026-10-17": ("2,000", "", "500"),  # corrected; 500 sold and never billed
    "2026-10-24": ("2,000", "700", "500"),  # the 700 were sold after all
    "2026-10-31": ("2,400", "700", "500"),  # wrong once more
}


def write_week(folder: Path, sold: tuple[str, str, str]) -> Path:
    """The exports of a week."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    snapshot = Snapshot()
    snapshot.add(1, f"o1 1,000 {TERM}", "s1 1,000 2026-03-01")
    snapshot.add(2, f"o2 {sold[0]} {TERM}", "s2 2,000 2026-03-01")
    snapshot.add(3, f"o3 {sold[1]} {TERM}" if sold[1] else "", "s3 700 2026-03-01")
    snapshot.add(4, f"o4 {sold[2]} {TERM}" if sold[2] else "", "")
    return snapshot.write(folder)


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The params of the company, its five closes made."""
    folder = tmp_path_factory.mktemp("weeks")
    for day, sold in WEEKS.items():
        raw = write_week(folder / "raw", sold)
        written = write_params(folder, raw, as_of=day, previous="latest")
        close_again(written, folder / "closes" / day)
    return written


def test_gaps_appear_change_and_go(params: Path) -> None:
    review = trend.open_review(params=str(params))
    assert review.left_out.is_empty()
    brief = trend.roll_forwards_in_brief(review).sort("to_on")
    assert brief.select("opening", "came", "resolved", "closing").rows() == [
        (2, 0, 0, 2), (2, 1, -1, 2), (2, 0, -1, 1), (1, 1, 0, 2),
    ]  # fmt: skip
    assert trend.roll_forward_controls(review)["passes"].all()
    changed = trend.roll_forwards(review).filter(pl.col("line") == "changed")
    assert changed.select("to_on", "drift_minor").cast(pl.String).rows() == [("2026-10-10", "20000")]
    found = trend.episodes(review).filter(pl.col("resolved_on").is_not_null())
    assert sorted(zip(found["family"], found["days"], strict=True)) == [
        ("amount_mismatch", 14), ("orphaned_revenue", 21),
    ]  # fmt: skip
    assert trend.still_open(review).select("account_name", "cause").rows() == [("Company 4", "handoff_missed")]
    assert trend.opened_since(review)["account_name"].to_list() == ["Company 2"]


def test_the_page_agrees_with_the_close_it_is_of(params: Path) -> None:
    review = trend.open_review(params=str(params))
    now = pl.read_parquet(review.folder_of(review.newest).table_path("gaps")).filter(pl.col("state") == "open")
    closing = trend.roll_forward_since(review).filter(pl.col("line") == "closing").row(0, named=True)
    assert (closing["gaps"], closing["impact_minor"]) == (now.height, now["impact_minor"].sum())
    assert closing["drift_minor"] == now["difference_minor"].abs().sum()


@pytest.mark.parametrize("day", ["2026-10-03", "2026-10-10", "2026-10-31"])
def test_the_notebook_runs_from_the_first_close_on_and_changes_nothing(params: Path, day: str) -> None:
    closes = params.parent / "closes"
    before = everything(closes)
    execute_here(REVIEW, {"params": str(params), "as_of": day})
    execute_here(REVIEW, {"params": str(params), "close_dir": str(closes / day)})
    assert everything(closes) == before


def test_a_close_that_does_not_tie_ends_with_2_and_writes_no_page(params: Path, tmp_path: Path) -> None:
    closes = tmp_path / "closes"
    shutil.copytree(params.parent / "closes", closes)
    damaged = CloseFolder(closes / "2026-10-24")
    history = pl.read_parquet(damaged.table_path("history"))
    more = pl.when(pl.col("measure") == "gaps").then(pl.col("amount_minor") + 1).otherwise("amount_minor")
    (damaged.path / MANIFEST).unlink()
    damaged.write_table("history", history.with_columns(amount_minor=more))
    finish(damaged)
    own = write_params(tmp_path, params.parent / "raw")
    result = recon("weekly", "--params", str(own))
    assert result.returncode == 2, result.stderr
    assert "does not tie" in result.stderr
    assert "close.roll_forward.2026-10-24.history.USD" in result.stderr
    assert not list(closes.glob("*.html"))


def test_without_a_close_it_says_what_to_do(tmp_path: Path) -> None:
    result = recon("weekly", "--params", str(write_params(tmp_path, tmp_path)))
    assert result.returncode == 1
    assert "Run `recon close` first" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_is_no_page(tmp_path: Path) -> None:
    result = recon("weekly", "--params", str(write_params(tmp_path, tmp_path)), "--out", str(tmp_path))
    assert result.returncode == 1
    assert "is a folder" in result.stderr
