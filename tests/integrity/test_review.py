"""A reviewer's month: exported, decided in the workbook, imported; what is altered imports nothing wrong."""

from __future__ import annotations

import json
import multiprocessing
import re
import shutil
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest

from recon_kit import journal, resolve
from recon_kit.commands.review.exporting import export_review
from recon_kit.commands.review.importing import Importing, import_review
from recon_kit.commands.verify import verify
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import SettingsError
from tests.filled_review import Reviewer
from tests.integrity.test_decisions import change_customer
from tests.whole_close import recon, run_cells, table, write_params

if TYPE_CHECKING:
    from pathlib import Path

GAP_DECISIONS = ("accept", "reject", "resolved", "needs_info")
STATES = {"accept": "accepted", "reject": "rejected", "resolved": "resolved", "needs_info": "open"}


@pytest.fixture(scope="module")
def exported(sample_close: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The review of the sample's close, as the command writes it."""
    file = tmp_path_factory.mktemp("review") / "review.xlsx"
    result = recon("review", "export", str(sample_close), "--out", str(file))
    assert result.returncode == 0, result.stderr
    return file


@pytest.fixture
def reviewer(exported: Path, sample_close: Path, tmp_path: Path) -> Reviewer:
    """Somebody with an own copy of it."""
    return Reviewer(shutil.copy(exported, tmp_path / "filled.xlsx"))


@pytest.fixture
def imported(sample_close: Path, tmp_path: Path):
    """Import a workbook into a journal of this test."""

    def run(file: Path, *, partial: bool = False) -> list[str]:
        return import_review(Importing(file, partial=partial, close=sample_close, journal=tmp_path / "decisions.jsonl"))

    return run


def decisions_in(folder: Path) -> list[journal.Decision]:
    return list(journal.read_journal(folder / "decisions.jsonl").decisions)


def test_a_reviewers_month(sample_close: Path, exported: Path, tmp_path: Path) -> None:
    filled = Reviewer(shutil.copy(exported, tmp_path / "filled.xlsx"))
    gaps, pairs = filled.ids("Gaps"), filled.ids("Links")
    assert len(gaps) + len(pairs) == 40, "the sample's close leaves forty things to decide"
    decided = {name: GAP_DECISIONS[place % 4] for place, name in enumerate(gaps)}
    for place, name in enumerate(gaps):
        filled.decide("Gaps", place + 2, decided[name])
    for place in range(len(pairs)):
        filled.decide("Links", place + 2, ("reject", "unsure")[place % 2])
    file = tmp_path / "decisions.jsonl"
    events = {name: ("approve", "decline")[place % 2] for place, name in enumerate(filled.ids("Approvals"))}
    for place, name in enumerate(events):
        filled.decide("Approvals", place + 2, events[name])
    number = 40 + len(events)
    result = recon("review", "import", str(filled.save()), "--close", str(sample_close), "--journal", str(file))
    assert result.returncode == 0, result.stderr
    assert f"{number} decision(s) recorded" in result.stdout
    again = recon("review", "import", str(filled.file), "--close", str(sample_close), "--journal", str(file))
    assert again.returncode == 0
    assert "0 decision(s) recorded" in again.stdout
    assert f"{number} known already" in again.stdout
    close = run_cells(write_params(tmp_path, SAMPLE_FOLDER, decisions=str(file)), tmp_path / "next")
    _stand_as_decided(close, sample_close, decided, pairs)
    assert dict(table(close, "approvals").select("event_id", "status").rows()) == {
        name: {"approve": "approved", "decline": "declined"}[decision] for name, decision in events.items()
    }
    _evidence_reopens(close, file, gaps, pairs, tmp_path / "changed")


def _stand_as_decided(close: Path, before: Path, decided: dict[str, str], pairs: list[str]) -> None:
    was = dict(table(before, "gaps").select("gap_id", "state").rows())
    now = dict(table(close, "gaps").select("gap_id", "state").rows())
    assert now == {name: STATES[decided[name]] if name in decided else state for name, state in was.items()}
    assert set(table(close, "decisions")["status"]) == {"applied"}
    rejected = {tuple(pair.split()) for pair in pairs[::2]}
    assert not rejected & set(table(close, "candidates").select("customer_id", "account_id").rows())
    linked = {pair.split()[0] for pair in pairs}
    untouched = ~pl.col("customer_id").is_in(list(linked))
    assert table(close, "links").filter(untouched).equals(table(before, "links").filter(untouched))


def _evidence_reopens(close: Path, file: Path, gaps: list[str], pairs: list[str], folder: Path) -> None:
    """One contract's amount and one customer's e-mail: the decisions on them lapse, no other does."""
    raw = folder / "raw"
    shutil.copytree(SAMPLE_FOLDER, raw)
    sold = (
        table(close, "gaps").filter(pl.col("state") == "accepted", pl.col("cause") == "amount_basis").row(0, named=True)
    )
    opportunities = raw / "salesforce" / "Opportunity.csv"
    lines = opportunities.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = [
        line.replace('"14400.00"', '"14500.00"') if sold["opportunity_ids"][0] in line else line for line in lines
    ]
    assert changed != lines
    opportunities.write_text("".join(changed), encoding="utf-8")
    customer = pairs[0].split()[0]
    change_customer(raw, customer, {"email": "somebody@elsewhere.example"})
    after = run_cells(write_params(folder, raw, decisions=str(file)), folder / "close")
    lapsed = table(after, "decisions").filter(pl.col("status") != "applied")
    assert set(lapsed["status"]) == {"lapsed"}
    of_customer = len([pair for pair in pairs if pair.startswith(customer)])
    assert sorted(lapsed["id"]) == sorted([sold["gap_id"], *[customer] * of_customer])
    states = dict(table(after, "gaps").select("gap_id", "state").rows())
    before = dict(table(close, "gaps").select("gap_id", "state").rows())
    assert states[sold["gap_id"]] == "open"
    assert {name for name in gaps if states[name] != before[name]} == {sold["gap_id"]}


def test_page_3_lists_the_same_pairs_with_the_same_words(sample_close: Path, reviewer: Reviewer) -> None:
    names = ("links", "candidates", "customers", "accounts", "subscriptions")
    page = resolve.review_queue(*(table(sample_close, name) for name in names), currency="USD")
    told = ("customer id", "account id", "difference", "suggested correction", "cause")
    rows = range(2, 2 + len(reviewer.ids("Links")))
    sheet = [tuple(reviewer.cell("Links", row, heading).value for heading in told) for row in rows]
    columns = ("customer_id", "account_id", "difference", "suggested_correction", "cause")
    assert sheet == page.select(columns).rows()
    assert sheet


_CHOICES = (
    ("Links", "confirm,reject,unsure"),
    ("Gaps", "accept,reject,resolved,needs_info"),
    ("Approvals", "approve,decline"),
)


def test_the_workbook_is_locked_and_says_what_may_be_written(exported: Path) -> None:
    book = openpyxl.load_workbook(exported)
    assert book.sheetnames[:3] == ["Read me", "Links", "Gaps"]
    assert [sheet.title for sheet in book if sheet.sheet_state == "visible"] == [
        n for n in book.sheetnames if n != "close"
    ]
    for name, choices in _CHOICES:
        sheet = book[name]
        headings = [cell.value for cell in sheet[1]]
        assert sheet.protection.sheet
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        unlocked = {h for h, cell in zip(headings, sheet[2], strict=True) if not cell.protection.locked}
        assert unlocked == {"decision", "by", "reason"}
        rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
        letter = sheet.cell(1, headings.index("decision") + 1).column_letter
        assert rules[f"{letter}2:{letter}{sheet.max_row}"].formula1 == f'"{choices}"'
        assert sheet.cell(1, headings.index("decision") + 1).comment is not None
        wanted = [
            "id",
            "Salesforce says",
            "Stripe says",
            "difference",
            "cause",
            "suggested correction",
            "since",
            "impact",
        ]
        assert [heading for heading in headings if heading in wanted] == wanted
    impacts = [row[0] for row in book["Gaps"].iter_rows(min_row=2, min_col=12, max_col=12, values_only=True)]
    assert impacts == sorted(impacts, reverse=True)
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]


def test_the_same_close_gives_the_same_bytes(sample_close: Path, exported: Path, tmp_path: Path) -> None:
    export_review(sample_close, exported.with_name("again.xlsx"))
    assert exported.read_bytes() == exported.with_name("again.xlsx").read_bytes()


def test_every_close_holds_it_and_names_a_change(sample_close: Path, tmp_path: Path) -> None:
    close = shutil.copytree(sample_close, tmp_path / "close")
    pack = json.loads((close / "pack.json").read_bytes())
    assert "review.xlsx" in pack["files"]
    assert Reviewer(close / "review.xlsx").ids("Gaps") == table(close, "gaps").filter(state="open")["gap_id"].to_list()
    Reviewer(close / "review.xlsx").save()
    assert "review.xlsx" in {finding.file for finding in verify(close, reperform=False)}


# what was done to the workbook (row 2 is accepted and row 3 rejected, both right) -> what is said of it
ALTERED = {
    "a wrong value": (lambda r: r.decide("Gaps", 4, "maybe"), "Gaps row 4, decision: 'maybe' is none of accept, reject, res"),
    "a value of the other sheet": (lambda r: r.decide("Gaps", 4, "confirm"), "Gaps row 4, decision: 'confirm' is none of"),
    "a gap's value on a link": (lambda r: r.decide("Links", 2, "accept"), "Links row 2, decision: 'accept' is none of confirm"),
    "nobody": (lambda r: r.decide("Gaps", 4, "accept", by=" "), "Gaps row 4, by: it is empty"),
    "no reason": (lambda r: r.decide("Gaps", 4, "accept", reason=""), "Gaps row 4, reason: it is empty"),
    "a number for a reason": (lambda r: r.decide("Gaps", 4, "accept", reason=7), "Gaps row 4, reason: '7' is no text"),
    "a novel": (lambda r: r.decide("Gaps", 4, "accept", reason="x" * 2001), "Gaps row 4, reason: it has 2001 characters"),
    "a formula for a decision": (lambda r: r.decide("Gaps", 4, '="acc"&"ept"'), "Gaps row 4, decision: '=\"acc\"&\"ept\"' is a formula"),
    "a formula for a name": (lambda r: r.decide("Gaps", 4, "accept", by="=B2"), "Gaps row 4, by: '=B2' is a formula"),
    "a formula in a locked cell": (lambda r: r.cell("Gaps", 4, "impact").__setattr__("value", "=1+1"), "Gaps row 4, impact: '=1+1' is a formula"),
    "an edited amount": (lambda r: r.cell("Gaps", 4, "difference").__setattr__("value", 1.0), "Gaps row 4, difference: a locked cell was edited: it says '1', the close says"),
    "an edited cause": (lambda r: r.cell("Gaps", 4, "cause").__setattr__("value", "none"), "Gaps row 4, cause: a locked cell was edited: it says 'none'"),
    "an edited date": (lambda r: r.cell("Gaps", 4, "since").__setattr__("value", None), "Gaps row 4, since: a locked cell was edited: it says ''"),
    "edited evidence": (lambda r: r.cell("Gaps", 4, "evidence").__setattr__("value", "0" * 12), "Gaps row 4, evidence: a locked cell was edited"),
    "an invented id": (lambda r: r.cell("Gaps", 4, "id").__setattr__("value", "gap_nobody"), "Gaps row 4, id: 'gap_nobody' was not exported"),
    "an id removed": (lambda r: r.cell("Gaps", 4, "id").__setattr__("value", None), "Gaps row 4, id: it has none"),
    "an id twice": (lambda r: r.cell("Gaps", 4, "id").__setattr__("value", r.ids("Gaps")[3]), "stands in 2 rows; keep one"),
    "a heading changed": (lambda r: r.cell("Gaps", 1, "reason").__setattr__("value", "why"), "Sheet Gaps, header: 'reason' is missing"),
    "a sheet renamed": (lambda r: r.book["Gaps"].__setattr__("title", "Mine"), "Sheet Mine: no sheet of a review has this name"),
    "two accounts for one customer": (lambda r: (r.decide("Links", 2, "confirm"), r.decide("Links", 3, "confirm")), "Links rows 2 and 3, decision: customer"),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_is_named_and_imports_nothing_wrong(what, reviewer, imported, tmp_path) -> None:
    alter, said = ALTERED[what]
    reviewer.decide("Gaps", 2, "accept")
    reviewer.decide("Gaps", 3, "reject")
    right = dict(zip(reviewer.ids("Gaps")[:2], ("accept", "reject"), strict=True))
    alter(reviewer)
    reviewer.save()
    with pytest.raises(SettingsError, match=re.escape(said)) as refused:
        imported(reviewer.file)
    assert str(refused.value).startswith("Nothing of filled.xlsx was imported")
    assert decisions_in(tmp_path) == [], "nothing at all without --partial"
    told = imported(reviewer.file, partial=True)
    assert any(said in line for line in told)
    made = {one.subject.gap_id: one.decision for one in decisions_in(tmp_path)}
    lost_sheet = what in {"a heading changed", "a sheet renamed"}
    assert made == ({} if lost_sheet else right), "with --partial the rest, and only that"


def test_rows_may_be_reordered_deleted_and_left_blank(reviewer, imported, tmp_path) -> None:
    first, second, third = reviewer.ids("Gaps")[:3]
    reviewer.decide("Gaps", 2, " Accept ")
    reviewer.decide("Gaps", 4, "reject", reason="two\nlines")
    reviewer.exchange("Gaps", 2, 4)
    reviewer.book["Gaps"].delete_rows(10, 5)
    reviewer.book.remove(reviewer.book["Links"])
    reviewer.cell("Gaps", 3, "reason").value = "still asking"
    told = imported(reviewer.save())
    made = [(one.subject.gap_id, one.decision, one.reason) for one in decisions_in(tmp_path)]
    assert made == [(third, "reject", "two lines"), (first, "accept", "asked the owner")], "in the order of the sheet"
    assert second not in {name for name, *_ in made}
    assert "Gaps row 3 has a reason and no decision: undecided." in told
    assert "Sheet Links is not in the workbook: its rows are undecided." in told


def test_a_decision_made_before_is_not_added_again_and_a_contradiction_is_said(reviewer, imported, tmp_path) -> None:
    reviewer.decide("Gaps", 2, "accept")
    imported(reviewer.save())
    reviewer.decide("Gaps", 2, "reject", by="Bo Chen")
    bo = reviewer.save(tmp_path / "bo.xlsx")
    assert any("contradicts decision 1, accept by Ann Lee" in line for line in imported(bo))
    told = imported(reviewer.file)
    assert any("imported before as decision 1; a later one stands" in line for line in told)
    assert [one.decision for one in decisions_in(tmp_path)] == ["accept", "reject"]
    assert [one.by for one in decisions_in(tmp_path)] == ["Ann Lee", "Bo Chen"]


def test_a_workbook_of_another_run_is_compared_with_what_stands_now(reviewer, sample_close, imported, tmp_path) -> None:
    """The close was run again: a row whose evidence is the same imports, one whose evidence changed is named."""
    reviewer.decide("Gaps", 2, "accept")
    reviewer.decide("Gaps", 3, "reject")
    marks = reviewer.book["close"]
    for row in marks.iter_rows(min_row=2):
        if row[1].value == "manifest":
            row[2].value = "ab" * 32
        if row[1].value == reviewer.ids("Gaps")[1]:
            row[2].value = "cd" * 32
    with pytest.raises(
        SettingsError, match=r"Gaps row 3, evidence: .* is not in the close any more with this evidence"
    ):
        imported(reviewer.save())
    imported(reviewer.file, partial=True)
    (made,) = decisions_in(tmp_path)
    assert (made.subject.gap_id, made.close.manifest) == (reviewer.ids("Gaps")[0], "ab" * 32)
    reviewer.cell("Gaps", 2, "impact").value = 1
    with pytest.raises(SettingsError, match="Gaps row 2, impact: a locked cell was edited"):
        imported(reviewer.save())


def test_a_row_that_waits_no_longer_is_named_as_such(reviewer, imported) -> None:
    reviewer.decide("Gaps", 2, "accept")
    for row in reviewer.book["close"].iter_rows(min_row=2):
        if row[1].value == reviewer.ids("Gaps")[0]:
            row[1].value = "gap_gone"
    reviewer.cell("Gaps", 2, "id").value = "gap_gone"
    with pytest.raises(SettingsError, match="Gaps row 2, id: 'gap_gone' waits no longer in the close: it was decided"):
        imported(reviewer.save())


def test_a_workbook_filled_in_the_close_is_imported_and_put_back(sample_close: Path, tmp_path: Path) -> None:
    close = tmp_path / sample_close.name
    shutil.copytree(sample_close, close)
    filled = Reviewer(close / "review.xlsx")
    filled.decide("Gaps", 2, "accept")
    filled.save()
    told = import_review(Importing(filled.file, journal=tmp_path / "decisions.jsonl"))
    assert "1 decision(s) recorded" in told[-2]
    assert "review.xlsx lies in the close, which is not as it was made and cannot be signed until" in told[-1]
    found = verify(close, reperform=False)
    assert [one.file for one in found] == ["review.xlsx"]
    assert "move it elsewhere, and `recon review export DIR --out DIR/review.xlsx`" in found[0].message
    filled.file.rename(tmp_path / "mine.xlsx")
    export_review(close, close / "review.xlsx")
    assert verify(close, reperform=False) == []


def test_a_workbook_that_somebody_fills_is_not_replaced(reviewer, sample_close) -> None:
    export_review(sample_close, reviewer.file)
    reviewer.decide("Gaps", 2, "accept")
    filled = reviewer.save().read_bytes()
    with pytest.raises(SettingsError, match=r"filled.xlsx is there and holds decisions \(sheet Gaps\)"):
        export_review(sample_close, reviewer.file)
    assert reviewer.file.read_bytes() == filled


def test_an_event_is_decided_by_the_command_as_well(sample_close: Path, tmp_path: Path) -> None:
    event = table(sample_close, "approvals")["event_id"][0]
    where = (
        "--close",
        str(sample_close),
        "--journal",
        str(tmp_path / "decisions.jsonl"),
        "--by",
        "Ann",
        "--reason",
        "ok",
    )
    result = recon("decide", "event", event, "--approve", *where)
    assert result.returncode == 0, result.stderr
    assert f"approve amendment {event}, by Ann" in result.stdout
    (made,) = decisions_in(tmp_path)
    assert (made.decision, made.before, made.after) == ("approve", {"status": "waiting"}, {"status": "approved"})
    refused = recon("decide", "event", "cn_nobody", "--decline", *where)
    assert refused.returncode == 1
    assert "cn_nobody is no event of" in refused.stderr


def test_files_that_are_no_review_are_refused_in_words(sample_close, imported, tmp_path) -> None:
    (tmp_path / "text.xlsx").write_text("decision,by\n")
    with pytest.raises(SettingsError, match=r"text.xlsx cannot be read as an .xlsx workbook"):
        imported(tmp_path / "text.xlsx")
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(SettingsError, match="is no review that `recon review export` wrote"):
        imported(tmp_path / "empty.xlsx")
    with pytest.raises(SettingsError, match="There is no file"):
        imported(tmp_path / "absent.xlsx")
    with pytest.raises(SettingsError, match="is no finished close"):
        export_review(tmp_path, tmp_path / "review.xlsx")


def _import_into(file: Path, close: Path, target: Path, barrier) -> None:
    barrier.wait()
    import_review(Importing(file, close=close, journal=target))


def test_two_reviewers_at_once_lose_nothing(exported: Path, sample_close: Path, tmp_path: Path) -> None:
    target, files = tmp_path / "decisions.jsonl", []
    for name, first in (("ann", 2), ("bo", 12)):
        one = Reviewer(exported)
        for row in range(first, first + 10):
            one.decide("Gaps", row, "accept", by=name)
        files.append(one.save(tmp_path / f"{name}.xlsx"))
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    both = [context.Process(target=_import_into, args=(file, sample_close, target, barrier)) for file in files]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    made = decisions_in(tmp_path)
    assert sorted(one.by for one in made) == ["ann"] * 10 + ["bo"] * 10
    assert [one.sequence for one in made] == list(range(1, 21))
    assert len({one.subject for one in made}) == 20
