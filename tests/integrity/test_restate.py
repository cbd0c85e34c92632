"""``recon restate``: what was planted is each attributed to the cent, alone and together; the parts sum to the change."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from recon_kit.artifacts import canonical_json, parquet_bytes
from recon_kit.cli import app
from recon_kit.commands.decide import Deciding, decide_gap
from recon_kit.commands.restate import PARTS, Restatement, as_text, restate, sides, write_report
from recon_kit.commands.restate.parts import OTHER_CODE, RUN, SAME, SAME_CODE, TAKEN
from recon_kit.commands.restate.proof import ties
from recon_kit.commands.sign import Signing, sign
from recon_kit.gaps import judgement
from recon_kit.policy import SettingsError
from recon_kit.runner import manifest as of_close
from tests.raw_company import Snapshot
from tests.small_close import BY, TERM, everything, small_close
from tests.whole_close import recon, table

TODAY, EARLIER = ({"recon_kit": digest, "notebooks": digest} for digest in ("today", "earlier"))
LENIENT = {"rounding_tolerance": "5.00"}


@pytest.fixture(scope="module", autouse=True)
def code_stands_still() -> Any:
    """Name the code, so that what a test expects to be run again does not hang on the state of the working tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_close, "code_digests", lambda _: TODAY)
        patch.setattr(sides, "code_digests", lambda _: TODAY)
        yield


def company(folder: Path, *, edited: bool = False, late: bool = False) -> Path:
    """Six accounts; of a later pull the second was edited, and a seventh came late."""
    snapshot = Snapshot()
    snapshot.add(1, f"o1 1,000 {TERM}", "s1 1,000 2026-03-01")
    snapshot.add(2, f"o2 {'2,300' if edited else '2,400'} {TERM}", "s2 2,000 2026-03-01")
    snapshot.add(3, "", "s3 700 2026-03-01")
    snapshot.add(4, f"o4 1,000 {TERM}", "s4 997 2026-03-01")
    snapshot.add(5, f"o5 1,000 {TERM}", "s5 1,000 2026-03-01 then=1,250@2026-10-20")
    if late:
        snapshot.add(6, "", "s6 900 2026-03-01")
    folder.parent.mkdir(parents=True, exist_ok=True)
    return snapshot.write(folder)


@dataclass(frozen=True)
class Company:
    """Closes of that company: one by the code of an earlier day, one by today's, and what was decided on the latter."""

    home: Path
    old: Path
    earlier: Path
    journal: Path

    def new(self, name: str, *, edited: bool = False, late: bool = False, **settings: Any) -> Path:
        company(self.home / name / "raw", edited=edited, late=late)
        return small_close(self.home / name, **settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Company:
    home = tmp_path_factory.mktemp("restated")
    company(home / "old" / "raw")
    old = small_close(home / "old")
    company(home / "earlier" / "raw")
    with pytest.MonkeyPatch.context() as patch:
        earlier_code(patch)
        earlier = small_close(home / "earlier")
    journal = home / "decisions.jsonl"
    decide_gap(gap_of(old, 3), Deciding("accept", BY, "invoiced in November", old, journal=journal))
    return Company(home, old, earlier, journal)


def earlier_code(patch: pytest.MonkeyPatch) -> None:
    """An earlier version: a modification is too young for thirty days, so that of 20 October is no open gap."""
    window = judgement._window
    patch.setattr(
        judgement,
        "_window",
        lambda policy: pl.when(pl.col("diverged_on") >= pl.date(2026, 10, 2)).then(30).otherwise(window(policy)),
    )
    patch.setattr(of_close, "code_digests", lambda _: EARLIER)


def gap_of(close: Path, number: int) -> str:
    return str(table(close, "gaps").filter(pl.col("customer_ids").list.contains(f"cus_{number}"))["gap_id"].item())


Parts = Mapping[str, Mapping[str, int]]
"""By part, what it adds to open gaps, impact, difference, and MRR of both systems."""


def impact(close: Path, number: int) -> int:
    return int(table(close, "gaps").filter(gap_id=gap_of(close, number))["impact_minor"].item())


def planted(made: Company, *kinds: str) -> Parts:
    """What each planted change must add, from what was drawn: 1.00 is the tolerance, eight months have passed."""
    all_parts: Parts = {
        "code": {"open_gaps": 1, "open_impact": impact(made.old, 5)},
        "policy": {"open_gaps": -1, "open_impact": -impact(made.old, 4), "differences": -3_00},
        "decisions": {"open_gaps": -1, "open_impact": -impact(made.old, 3)},
        "edited_records": {"open_impact": -8 * 100_00, "differences": -100_00, "crm_mrr": -100_00},
        "late_records": {
            "open_gaps": 1,
            "open_impact": 8 * 900_00,
            "differences": -900_00,
            "billing_mrr": 900_00,
        },
    }
    return {part: all_parts[part] for part in kinds}


def assert_attributed(found: Restatement, expected: Parts) -> None:
    totals = found.figures.filter(section="total")
    measured = {
        part: {name: amount for name, amount in totals.select("id", part).iter_rows() if amount}
        for part in PARTS
        if (totals[part] != 0).any()
    }
    assert measured == expected
    assert_sums(found)


def assert_sums(found: Restatement) -> None:
    """Every figure's parts sum to its change, and the figures at both ends are those of the closes."""
    rows = found.figures
    assert rows.filter(pl.sum_horizontal(PARTS) != pl.col("change")).is_empty()
    assert rows.filter(pl.col("new") - pl.col("old") != pl.col("change")).is_empty()
    assert [one for one in ties(rows, PARTS) if not one.passes] == []
    for name, side in (("old", found.old), ("new", found.new)):
        gaps = side.close.read_table("gaps").collect()
        bridge = side.close.read_table("bridge").collect()
        of_gaps = rows.filter(section="gap", measure="a month").filter(pl.col(name) != 0)
        assert dict(of_gaps.select("id", name).iter_rows()) == dict(
            gaps.filter(pl.col("difference_minor") != 0).select("gap_id", "difference_minor").iter_rows()
        )
        ends = rows.filter(pl.col("id").is_in(["crm_mrr", "billing_mrr"]))[name].to_list()
        assert ends == bridge["amount_minor"].gather([0, -1]).to_list()
        lines = rows.filter(pl.col("section") == "bridge", pl.col(name) != 0)
        assert dict(lines.select("label", name).iter_rows()) == dict(
            bridge.slice(1, bridge.height - 2).select("label", "amount_minor").iter_rows()
        )


def changed_by(found: Restatement) -> dict[str, list[str]]:
    """Parts by the account whose gap they changed."""
    return {row["whose"]: row["changed_by"] for row in found.gaps.iter_rows(named=True)}


def test_a_change_of_policy(made: Company) -> None:
    found = restate(made.old, made.new("policy", policy=LENIENT))
    assert_attributed(found, planted(made, "policy"))
    assert changed_by(found) == {"Company 4": ["policy"]}
    rounding = found.figures.filter(id="none/rounding").row(0, named=True)
    assert (rounding["policy"], rounding["change"]) == (-3_00, -3_00)
    assert "rounding_tolerance: 1.00 → 5.00" in "\n".join(as_text(found))
    assert found.how["policy"] == TAKEN
    assert found.how["late_records"] == SAME


def test_a_decision(made: Company) -> None:
    found = restate(made.old, made.new("decision", decisions=str(made.journal)))
    assert_attributed(found, planted(made, "decisions"))
    assert changed_by(found) == {"Company 3": ["decisions"]}
    assert found.gaps["after"].item().endswith("accepted")
    assert f"accept by {BY}" in "\n".join(as_text(found))


def test_a_backdated_edit(made: Company) -> None:
    found = restate(made.old, made.new("edit", edited=True))
    assert_attributed(found, planted(made, "edited_records"))
    assert found.changes.rows() == [("salesforce", "Opportunity", "o2n2", "edited")]
    assert found.fields["fields"].to_list() == ["Amount: 2400 → 2300"]
    assert changed_by(found) == {"Company 2": ["edited_records"]}


@pytest.fixture(scope="module")
def late(made: Company) -> Path:
    return made.new("late", late=True)


def test_late_data(made: Company, late: Path) -> None:
    found = restate(made.old, late)
    assert_attributed(found, planted(made, "late_records"))
    assert found.changes["change"].unique().to_list() == ["late"]
    assert {"A6", "cus_6", "s6n6"} <= set(found.changes["key"])
    assert found.how["edited_records"] == SAME
    assert changed_by(found) == {"Company 6": ["late_records"]}


def test_a_change_of_code(made: Company) -> None:
    found = restate(made.earlier, made.old)
    assert_attributed(found, planted(made, "code"))
    assert changed_by(found) == {"Company 5": ["code"]}
    assert found.how["code"] == RUN
    assert all(how in {SAME, SAME_CODE} for part, how in found.how.items() if part != "code")


@pytest.mark.soak
def test_a_late_record_and_an_edit_at_once(made: Company) -> None:
    found = restate(made.old, made.new("both", edited=True, late=True))
    assert_attributed(found, planted(made, "edited_records", "late_records"))
    assert found.changes.filter(change="edited")["key"].to_list() == ["o2n2"]


def test_all_five_at_once(made: Company, tmp_path: Path) -> None:
    all_five = made.new("all", edited=True, late=True, policy=LENIENT, decisions=str(made.journal))
    before = everything(made.earlier), everything(all_five)
    found = restate(made.earlier, all_five)
    assert_attributed(found, planted(made, *PARTS[:5]))
    assert changed_by(found) == {
        f"Company {number}": [part] for number, part in zip((5, 4, 3, 2, 6), PARTS, strict=False)
    }
    assert not found.faults
    assert (everything(made.earlier), everything(all_five)) == before
    told = "\n".join(as_text(found))
    assert "The parts of all" in told
    assert "earlier/closes/2026-10-31 are not those of all/closes/2026-10-31" in told
    assert_the_sheet_sums(found, tmp_path)
    assert_the_page_tells(found, tmp_path)


def assert_the_sheet_sums(found: Restatement, folder: Path) -> None:
    write_report(found, folder / "r.csv")
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    impact_row = next(row for row in rows if row["figure"] == "Impact of open gaps")
    assert (impact_row["edited_records"], impact_row["late_records"]) == ("-800.00", "7200.00")
    for row in rows:
        cents = {name: int(row[name].replace(".", "")) for name in ("old", *PARTS, "new", "change")}
        assert sum(cents[part] for part in PARTS) == cents["change"] == cents["new"] - cents["old"]


def assert_the_page_tells(found: Restatement, folder: Path) -> None:
    write_report(found, folder / "r.html")
    page = (folder / "r.html").read_text("utf-8")
    for wanted in (
        "Why did the figures change?",
        "Amount: 2400 → 2300",
        "rounding_tolerance: 1.00 → 5.00",
        "Company 6",
    ):
        assert wanted in page
    assert "does not tie" not in page
    assert "Code of the newer close" not in page


@pytest.mark.soak
def test_what_other_code_made_of_the_newer_close_stands_as_its_own_part(made: Company) -> None:
    found = restate(made.old, made.earlier)
    assert found.how["code_of_new"] == OTHER_CODE
    assert_attributed(found, {"code_of_new": {"open_gaps": -1, "open_impact": -impact(made.old, 5)}})
    assert "Code of the newer close" in "\n".join(as_text(found))


@pytest.mark.soak
def test_a_newer_close_that_is_run_again_leaves_nothing_over(
    made: Company, late: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sides, "code_digests", lambda _: {"recon_kit": "tomorrow", "notebooks": "tomorrow"})
    found = restate(made.old, late)
    assert found.how["code_of_new"] == OTHER_CODE
    assert found.how["late_records"] == RUN
    assert_attributed(found, planted(made, "late_records"))
    assert not (found.figures[PARTS[5]] != 0).any()


def test_a_close_and_itself_differ_in_nothing(made: Company) -> None:
    found = restate(made.old, made.old)
    assert_attributed(found, {})
    assert found.gaps.is_empty()
    assert "No gap differs." in as_text(found)


@pytest.mark.soak
def test_settings_that_the_older_records_cannot_follow_stand_with_the_edits(made: Company) -> None:
    """A field map for a column that only the newer export has: policy alone cannot be closed, and says so."""
    raw = company(made.home / "mapped" / "raw", edited=True)
    file = raw / "salesforce" / "Opportunity.csv"
    head, *rows = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([f"{head},Value__c", *(f"{row},{row_amount(head, row)}" for row in rows)]) + "\n")
    new = small_close(made.home / "mapped", fields={"contract": {"amount": ["Value__c"]}})
    found = restate(made.old, new)
    assert set(found.faults) == {"policy"}
    assert "Value__c" in found.faults["policy"]
    assert found.figures["policy"].null_count() == found.figures.height
    assert_attributed(found, planted(made, "edited_records"))
    assert "its effect stands under edited records" in "\n".join(as_text(found))


def row_amount(head: str, row: str) -> str:
    return dict(zip(head.split(","), row.split(","), strict=True))["Amount"]


def test_a_removed_record_goes_with_the_edits(made: Company, late: Path) -> None:
    found = restate(late, made.old)
    assert set(found.changes["change"]) == {"removed"}
    gone = {name: -amount for name, amount in planted(made, "late_records")["late_records"].items()}
    assert_attributed(found, {"edited_records": gone})
    assert "removed in stripe/customers (cus_6)" in "\n".join(as_text(found))


@pytest.mark.soak
def test_a_signed_close_and_its_second_run(made: Company, tmp_path: Path) -> None:
    shutil.copytree(made.home / "old", tmp_path / "c")
    old = tmp_path / "c" / "closes" / "2026-10-31"
    sign(Signing(old, BY, "carried", carry_all=True))
    again = small_close(tmp_path / "c", policy=LENIENT)
    assert again.name == "2026-10-31.r2"
    result = CliRunner().invoke(app, ["restate", str(old), str(again), "--out", str(tmp_path / "why.csv")])
    assert result.exit_code == 0, result.output
    assert "Why the figures of 2026-10-31 are not those of 2026-10-31.r2" in result.stdout
    assert "why.csv" in result.stdout
    assert (tmp_path / "why.csv").is_file()


# -- what is refused ---------------------------------------------------------------------------------


@pytest.fixture
def copy(made: Company, tmp_path: Path) -> Path:
    shutil.copytree(made.old, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_close_that_was_changed_afterwards_is_refused_and_the_file_named(made: Company, copy: Path) -> None:
    file = copy / "tables" / "gaps.parquet"
    rows = pl.read_parquet(file)
    file.write_bytes(parquet_bytes(rows.with_columns(impact_minor=pl.col("impact_minor") + 1)))
    for pair in ((copy, made.old), (made.old, copy)):
        with pytest.raises(SettingsError, match=r"is not what was closed(?s:.*)tables/gaps\.parquet"):
            restate(*pair)


def test_raw_data_that_are_not_whole_are_refused(made: Company, copy: Path) -> None:
    (copy / "raw" / "stripe" / "events.jsonl").unlink()
    with pytest.raises(SettingsError, match=r"raw/stripe/events\.jsonl: is missing"):
        restate(copy, made.old)


def test_a_purged_close_is_refused(made: Company, copy: Path) -> None:
    for part in ("raw", "inputs", "tables", "html"):
        shutil.rmtree(copy / part)
    with pytest.raises(SettingsError, match="was purged"):
        restate(made.old, copy)


def test_what_is_no_close_is_refused(made: Company, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no finished close"):
        restate(made.old, tmp_path)


def test_a_pack_without_names_is_refused(made: Company, copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_bytes())
    (copy / "manifest.json").write_bytes(canonical_json({**manifest, "pseudonymised": {}}))
    with pytest.raises(SettingsError, match="pack without names"):
        restate(copy, made.old)


def test_closes_of_two_days_are_refused(made: Company, copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_bytes())
    (copy / "manifest.json").write_bytes(canonical_json({**manifest, "as_of": "2026-09-30"}))
    of_close.write_pack(copy)
    with pytest.raises(SettingsError, match=r"as of 2026-09-30 and .* 2026-10-31"):
        restate(copy, made.old)


@pytest.mark.parametrize(
    ("name", "words"),
    [("why.xlsx", "neither in .html nor in .csv"), ("closes/2026-10-31/why.csv", "lies in the close")],
)
def test_a_place_that_cannot_be_used_is_refused_before_anything_is_run(made: Company, name: str, words: str) -> None:
    result = recon("restate", str(made.old), str(made.earlier), "--out", str(made.home / "old" / name))
    assert result.returncode == 1
    assert words in result.stderr
