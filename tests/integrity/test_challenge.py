"""``recon challenge``: every class that the data can test is found as it is, and nothing else; and it can fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon_kit.commands import challenge as challenging
from recon_kit.commands.challenge.catalogue import COMPOUNDS, CONTROLS, PLANTS
from recon_kit.commands.challenge.rerun import Rerun
from tests.whole_close import evidence_bytes, recon, write_params
from tests.world import build_world

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.artifacts import CloseFolder

BY_DEFINITION = {("not billed yet", "2 ×"), ("not billed yet", "50 ×")}


def assert_all_found(report: dict[str, object]) -> None:
    summary = report["summary"]
    assert isinstance(summary, dict)
    assert report["wrong"] == []
    assert report["false_alarms"] == []
    for name in ("detected", "right_cause", "right_amount", "right_date", "right_state"):
        assert summary[name] == summary["expected"] > 0, name


def test_the_sample_alone_and_compounded_at_every_magnitude(sample_close: Path, tmp_path: Path) -> None:
    before = evidence_bytes(sample_close)
    result = recon("challenge", str(sample_close), "--seed", "4", "--out", str(tmp_path / "report"))
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads((tmp_path / "report" / "challenge.json").read_text("utf-8"))
    assert_all_found(report)
    rows = report["classes"]
    assert len(rows) == 3 * (len(PLANTS) + len(COMPOUNDS)) + len(CONTROLS)
    untested = {(row["class"], row["magnitude"]) for row in rows if row["planted"] == 0}
    assert untested == BY_DEFINITION
    assert all(row["not_tested"] for row in rows if row["planted"] == 0)
    for wanted in ("not tested  not billed yet at 50 ×", "not tested  rounding", "false alarms 0", "detected 100 %"):
        assert wanted in result.stdout
    page = (tmp_path / "report" / "challenge.html").read_text("utf-8")
    assert "Every planted error was found as it is" in page
    assert evidence_bytes(sample_close) == before, "the close itself is not touched"


@pytest.mark.soak
def test_another_company_pulled_later_in_another_currency_and_time_zone(tmp_path: Path) -> None:
    world = build_world(57, 110, ids="all")
    world.render(tmp_path / "raw", pulled_on=world.as_of.replace(month=11, day=9), shape="old")
    policy = {"reporting_currency": "EUR", "timezone": "America/New_York", "date_tolerance_days": 5}
    params = write_params(tmp_path, tmp_path / "raw", policy=policy)
    closed = recon("close", "--params", str(params), "--no-progress")
    assert closed.returncode == 0, closed.stderr
    asked = challenging.Asked(tmp_path / "closes" / "2026-10-31", seed=9, closes=3)
    found = challenging.challenge(asked)
    assert found.holds, challenging.as_text(found)
    assert len(found.planted) > 30
    assert all("3 re-runs were allowed" in why or "missed handoff" in why for why in found.untested.values())


@pytest.mark.soak
def test_the_same_seed_plants_the_same_and_a_gap_lost_or_changed_is_told(
    sample_close: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = challenging.Asked(sample_close, seed=8, closes=1)
    honest = challenging.challenge(asked)
    assert honest.holds
    lost, changed = honest.outcomes[:2]
    run = Rerun.with_errors

    def careless(self: Rerun, *given: object) -> CloseFolder:
        folder = run(self, *given)  # type: ignore[arg-type]
        path = folder.table_path("gaps")
        rows = pl.read_parquet(path).filter(pl.col("gap_id") != lost.gap_id)
        is_changed = pl.col("gap_id") == changed.gap_id
        more = pl.when(is_changed).then(pl.col("impact_minor") + 1).otherwise("impact_minor")
        rows.with_columns(impact_minor=more).write_parquet(path)
        return folder

    monkeypatch.setattr(Rerun, "with_errors", careless)
    found = challenging.challenge(asked)
    assert [(one.case, one.account_id) for one in found.outcomes] == [
        (one.case, one.account_id) for one in honest.outcomes
    ], "the same seed plants the same errors on the same accounts"
    assert not found.holds
    assert [one.case for one in found.outcomes if one.gap_id is None] == [lost.case]
    assert [(one.gap_id, set(one.faults)) for one in found.outcomes if one.faults] == [(changed.gap_id, {"amount"})]
    told = "\n".join(challenging.as_text(found))
    assert "MISSED" in told
    assert "WRONG" in told


def test_a_folder_that_is_no_close_is_refused(tmp_path: Path) -> None:
    result = recon("challenge", str(tmp_path))
    assert result.returncode == 1
    assert "no finished close" in result.stderr


def test_a_company_without_a_plain_account_says_so(sample_close: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenging, "healthy_hosts", lambda *_: [])
    found = challenging.challenge(challenging.Asked(sample_close))
    assert not found.holds
    told = "\n".join(challenging.as_text(found))
    assert "Nothing was tested" in told
    assert "no account without a gap is left" in told
