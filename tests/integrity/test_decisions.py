"""A person decides, the next close follows; evidence changes, the decision lapses; a line changes, the close stops."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon_kit import journal
from recon_kit.commands.verify import verify
from recon_kit.params import SAMPLE_FOLDER
from tests.whole_close import recon, run_cells, table, write_params

if TYPE_CHECKING:
    from pathlib import Path

BY = ("--by", "Ann Lee", "--reason", "asked the owner, who knows the firm")


@pytest.fixture(scope="module")
def pair(sample_close: Path) -> dict[str, str]:
    """The link in review that holds most money: a customer and its likely account, and the gap that it makes."""
    gaps = table(sample_close, "gaps").filter(pl.col("family") == "orphaned_revenue", pl.col("link_probability") < 0.95)
    customer = gaps["customer_ids"][0][0]
    link = table(sample_close, "links").filter(customer_id=customer).row(0, named=True)
    assert link["status"] == "review"
    return {"customer": customer, "account": link["account_id"], "gap": gaps["gap_id"][0]}


@pytest.fixture(scope="module")
def decided(sample_close: Path, pair: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a confirmed link and an accepted gap, made on the sample's close by the command."""
    file = tmp_path_factory.mktemp("journal") / "decisions.jsonl"
    accepted = table(sample_close, "gaps").filter(state="open", family="phantom_revenue")["gap_id"][0]
    where = ("--close", str(sample_close), "--journal", str(file), *BY)
    for words in (("link", pair["customer"], pair["account"], "--confirm"), ("gap", accepted, "--accept")):
        result = recon("decide", *words, *where)
        assert result.returncode == 0, result.stderr
    return file


def status_of(close: Path) -> list[str]:
    return table(close, "decisions").sort("sequence")["status"].to_list()


def test_the_next_close_follows_and_verifies(
    sample_close: Path, decided: Path, pair: dict[str, str], tmp_path: Path
) -> None:
    params = write_params(tmp_path, SAMPLE_FOLDER, decisions=str(decided), previous="latest")
    result = recon("close", "--params", str(params), "--no-progress")
    assert result.returncode == 0, result.stderr
    close = tmp_path / "closes" / "2026-10-31"
    link = table(close, "links").filter(customer_id=pair["customer"]).row(0, named=True)
    assert (link["status"], link["method"], link["account_id"]) == ("linked", "decision", pair["account"])
    assert link["link_probability"] == 1.0
    assert pair["gap"] not in set(table(close, "gaps")["gap_id"]), "the customer is no orphan any more"
    assert table(close, "gaps").filter(state="accepted").height == 1
    assert status_of(close) == ["applied", "applied"]
    assert table(close, "controls")["passes"].all()
    others = table(close, "links").filter(pl.col("customer_id") != pair["customer"])
    assert others.equals(table(sample_close, "links").filter(pl.col("customer_id") != pair["customer"]))
    assert json.loads((close / "manifest.json").read_bytes())["journal"] == {
        "length": 2,
        "sha256": journal.read_journal(decided).anchor.sha256,
    }
    assert verify(close) == []
    _tampering_is_named(close, decided, params, tmp_path)


def _tampering_is_named(close: Path, decided: Path, params: Path, tmp_path: Path) -> None:
    """An edit of the copy is named by ``verify``, a cut that also makes the head anew by the close before."""
    copy = close / "inputs" / "decisions.jsonl"
    copy.write_bytes(copy.read_bytes().replace(b"Ann Lee", b"Ann Lea", 1))
    said = {finding.file: finding.message for finding in verify(close, reperform=False)}
    assert "line 1 was edited" in said["inputs/decisions.jsonl"]
    shutil.copy(decided, tmp_path / "decisions.jsonl")
    cut = decided.read_bytes().splitlines(keepends=True)[:1]
    journal.lay_out(tmp_path / "decisions.jsonl", b"".join(cut), None)
    params.write_text(params.read_text().replace(str(decided), str(tmp_path / "decisions.jsonl")))
    result = recon("close", "--params", str(params), "--no-progress")
    assert result.returncode == 1
    assert "the close 2026-10-31 says 2, the journal ends with 1" in result.stderr
    assert "Traceback" not in result.stderr


def test_changed_evidence_lapses_the_decision_visibly(
    sample_close: Path, decided: Path, pair: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(SAMPLE_FOLDER, tmp_path / "raw")
    file = tmp_path / "raw" / "stripe" / "customers.jsonl"
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for record in records:
        if record["id"] == pair["customer"]:
            record["email"] = "somebody@elsewhere.example"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    close = run_cells(write_params(tmp_path, tmp_path / "raw", decisions=str(decided)), tmp_path / "close")
    assert status_of(close) == ["lapsed", "applied"]
    shown = table(close, "decisions").row(0, named=True)
    assert "customer email changed since it was made" in shown["message"]
    link = table(close, "links").filter(customer_id=pair["customer"]).row(0, named=True)
    before = table(sample_close, "links").filter(customer_id=pair["customer"]).row(0, named=True)
    assert {name: link[name] for name in link if name != "reason"} == {
        name: before[name] for name in before if name != "reason"
    }
    assert "Lapsed, not applied" in link["reason"]


def test_a_journal_that_does_not_verify_stops_the_close(decided: Path, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    shutil.copytree(decided.parent, folder)
    file = folder / "decisions.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Ann Lee", b"Ann Lea", 1))
    result = recon(
        "close", "--params", str(write_params(tmp_path, SAMPLE_FOLDER, decisions=str(file))), "--no-progress"
    )
    assert result.returncode == 1
    assert "line 1 was edited: its hash is not the one that line 2 names" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "closes" / "2026-10-31").exists()


def test_the_command_says_what_it_needs(sample_close: Path, pair: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    link = ("decide", "link", pair["customer"], pair["account"])
    where = ("--close", str(sample_close), "--journal", str(file), *BY)
    refusals = [
        ((*link, *where), "exactly one of --confirm, --reject, --unsure; none given"),
        ((*link, "--confirm", "--reject", *where), "2 given"),
        (("decide", "link", pair["account"], pair["customer"], "--confirm", *where), "is no Stripe customer"),
        (("decide", "gap", "gap_nobody", "--accept", *where), "gap_nobody is no gap of 2026-10-31"),
        ((*link, "--confirm", "--close", str(tmp_path), "--journal", str(file), *BY), "is no finished close"),
        ((*link, "--confirm", "--close", str(sample_close), *BY), "names no journal"),
        ((*link, "--confirm", *where[:4], "--by", " ", "--reason", "x"), "--by is empty"),
        ((*link, "--confirm", *where[:4]), "--by"),
    ]
    for words, said in refusals:
        result = recon(*words)
        assert result.returncode == 1, words
        shown = re.sub(r"\s*[│╭╰─╮╯]+\s*", " ", result.stderr)
        assert said in shown, (words, result.stderr)
        assert "Traceback" not in result.stderr
    assert not file.exists()


def test_the_list_tells_every_decision_in_words(decided: Path, pair: dict[str, str]) -> None:
    result = recon("decide", "list", "--journal", str(decided))
    assert result.returncode == 0, result.stderr
    assert f"Ann Lee: confirm link {pair['customer']} = {pair['account']}: asked the owner" in result.stdout
    assert "2 decision(s)" in result.stdout
