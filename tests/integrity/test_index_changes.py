"""The index page opens with the nightly question: which gaps are new, gone or changed since the close before."""

from __future__ import annotations

import re
from pathlib import Path

from recon_kit.commands.decide import Deciding, decide_gap
from recon_kit.runner.sign_off import INDEX
from tests.small_close import close_again, small_close
from tests.whole_close import table, write_params


def words(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text("utf-8")))


def test_the_index_opens_with_new_gone_and_changed_gaps_and_their_money(tmp_path: Path) -> None:
    before = small_close(tmp_path, as_of="2026-09-30")
    assert "There is no previous close to compare with." in words(before / INDEX)
    raw = tmp_path / "raw" / "salesforce" / "Opportunity.csv"
    text = raw.read_text("utf-8")
    raw.write_text(text.replace("2400", "2600"), encoding="utf-8")
    params = write_params(tmp_path, tmp_path / "raw", previous="latest")
    close = close_again(params, tmp_path / "closes" / "2026-10-31")
    changed = table(close, "changes").filter(change="changed").row(0, named=True)
    assert (changed["difference_before_minor"], changed["difference_minor"]) == (40_000, 60_000)
    page = words(close / INDEX)
    said = "Since the close of 2026-09-30: 0 new gaps, 0 gone gaps, 1 changed gap (4,800.00 USD at stake)."
    assert page.index("What changed since the previous close") < page.index(said) < page.index("The close ties.")
    assert page.index(said) < page.index("Company 2") < page.index("The close ties.")
    assert "another amount a month" in page

    raw.write_text(text.replace("2400", "2000"), encoding="utf-8")
    gone = close_again(write_params(tmp_path, tmp_path / "raw", as_of="2026-11-30", previous="latest"), tmp_path / "n")
    assert "Since the close of 2026-10-31: 0 new gaps, 1 gone gap" in words(gone / INDEX)


def test_a_decision_is_told_as_what_changed(tmp_path: Path) -> None:
    """The money of a decided gap stays what it is, so without words a reader would see no change at all."""
    before = small_close(tmp_path, as_of="2026-09-30")
    gap = table(before, "gaps").filter(family="amount_mismatch")["gap_id"].item()
    file = tmp_path / "decisions.jsonl"
    decide_gap(gap, Deciding("accept", "Ann Lee", "will be invoiced", before, journal=file))
    params = write_params(tmp_path, tmp_path / "raw", previous="latest", decisions=str(file))
    page = words(close_again(params, tmp_path / "closes" / "2026-10-31") / INDEX)
    assert "open → accepted" in page
    assert "another amount a month" not in page
