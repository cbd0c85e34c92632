"""A person decides, the next close follows; evidence changes, the decision lapses; a line changes, the close stops."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon_kit import journal
from recon_kit.commands.decide import Deciding, decide_link
from recon_kit.commands.verify import verify
from recon_kit.params import SAMPLE_FOLDER
from tests.small_close import close_again
from tests.whole_close import recon, run_cells, table, write_params

if TYPE_CHECKING:
    from pathlib import Path

BY = ("--by", "Ann Lee", "--reason", "asked the owner, who knows the firm")


NOBODY = {
    "name": "Q9",
    "email": "pay.me.77@gmail.com",
    "phone": None,
    "address": None,
    "shipping": None,
    "tax_ids": None,
}


@pytest.fixture(scope="module")
def stranger(sample_close: Path) -> dict[str, str]:
    """A customer that the model links to an account with one customer, billed what was sold."""
    links = table(sample_close, "links")
    alone = links.filter(pl.len().over("account_id") == 1, pl.col("method") == "model", pl.col("status") == "linked")
    paired = table(sample_close, "pairs").select("account_id").unique(keep="none")
    chosen = alone.join(paired, on="account_id", how="semi").sort("customer_id").row(0, named=True)
    return {"customer": chosen["customer_id"], "account": chosen["account_id"]}


@pytest.fixture(scope="module")
def raw(stranger: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, but for that customer, of whom nothing is known any more."""
    folder = tmp_path_factory.mktemp("strange") / "raw"
    shutil.copytree(SAMPLE_FOLDER, folder)
    change_customer(folder, stranger["customer"], NOBODY)
    return folder


def change_customer(raw: Path, customer_id: str, changes: dict[str, object]) -> None:
    file = raw / "stripe" / "customers.jsonl"
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    changed = [record | changes if record["id"] == customer_id else record for record in records]
    file.write_text("".join(json.dumps(record) + "\n" for record in changed), encoding="utf-8")


@pytest.fixture(scope="module")
def before(raw: Path) -> Path:
    """The close in which nobody has decided anything."""
    return close_again(write_params(raw.parent, raw), raw.parent / "closes" / "2026-10-31")


@pytest.fixture(scope="module")
def pair(before: Path, stranger: dict[str, str]) -> dict[str, str]:
    """The customer, its account, and the gap that their missing link makes."""
    link = table(before, "links").filter(customer_id=stranger["customer"]).row(0, named=True)
    assert link["status"] != "linked"
    orphans = table(before, "gaps").filter(pl.col("family") == "orphaned_revenue")
    own = orphans.filter(pl.col("customer_ids").list.contains(stranger["customer"]))
    return stranger | {"gap": own["gap_id"][0]}


@pytest.fixture(scope="module")
def decided(before: Path, pair: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a confirmed link and an accepted gap, made by the command."""
    file = tmp_path_factory.mktemp("journal") / "decisions.jsonl"
    accepted = table(before, "gaps").filter(state="open", family="phantom_revenue")["gap_id"][0]
    where = ("--close", str(before), "--journal", str(file), *BY)
    for words in (("link", pair["customer"], pair["account"], "--confirm"), ("gap", accepted, "--accept")):
        result = recon("decide", *words, *where)
        assert result.returncode == 0, result.stderr
    return file


def status_of(close: Path) -> list[str]:
    return table(close, "decisions").sort("sequence")["status"].to_list()


def test_the_next_close_follows(before: Path, raw: Path, decided: Path, pair: dict[str, str], tmp_path: Path) -> None:
    params = write_params(tmp_path, raw, decisions=str(decided), previous="latest")
    close = close_again(params, tmp_path / "closes" / "2026-10-31")
    link = table(close, "links").filter(customer_id=pair["customer"]).row(0, named=True)
    assert (link["status"], link["method"], link["account_id"]) == ("linked", "decision", pair["account"])
    assert link["link_probability"] == 1.0
    assert pair["gap"] not in set(table(close, "gaps")["gap_id"]), "the customer is no orphan any more"
    assert table(close, "gaps").filter(state="accepted").height == 1
    assert status_of(close) == ["applied", "applied"]
    assert table(close, "controls")["passes"].all()
    others = table(close, "links").filter(pl.col("customer_id") != pair["customer"])
    assert others.equals(table(before, "links").filter(pl.col("customer_id") != pair["customer"]))
    assert json.loads((close / "manifest.json").read_bytes())["journal"] == {
        "length": 2,
        "sha256": journal.read_journal(decided).anchor.sha256,
    }
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
    before: Path, raw: Path, decided: Path, pair: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(raw, tmp_path / "raw")
    change_customer(tmp_path / "raw", pair["customer"], {"email": "somebody@elsewhere.example"})
    close = run_cells(write_params(tmp_path, tmp_path / "raw", decisions=str(decided)), tmp_path / "close")
    assert status_of(close) == ["lapsed", "applied"]
    shown = table(close, "decisions").row(0, named=True)
    assert "customer email changed since it was made" in shown["message"]
    link = table(close, "links").filter(customer_id=pair["customer"]).row(0, named=True)
    assert link["status"] != "linked"
    assert "Lapsed, not applied" in link["reason"]


def test_a_journal_that_does_not_verify_stops_the_close(decided: Path, raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    shutil.copytree(decided.parent, folder)
    file = folder / "decisions.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Ann Lee", b"Ann Lea", 1))
    result = recon("close", "--params", str(write_params(tmp_path, raw, decisions=str(file))), "--no-progress")
    assert result.returncode == 1
    assert "line 1 was edited: its hash is not the one that line 2 names" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "closes" / "2026-10-31").exists()


def test_the_command_says_what_it_needs(before: Path, pair: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    link = ("decide", "link", pair["customer"], pair["account"])
    where = ("--close", str(before), "--journal", str(file), *BY)
    refusals = [
        ((*link, *where), "exactly one of --confirm, --reject, --unsure; none given"),
        ((*link, "--confirm", "--reject", *where), "2 given"),
        (("decide", "link", pair["account"], pair["customer"], "--confirm", *where), "is no Stripe customer"),
        (("decide", "gap", "gap_nobody", "--accept", *where), "gap_nobody is no gap of 2026-10-31"),
        ((*link, "--confirm", "--close", str(tmp_path), "--journal", str(file), *BY), "is no finished close"),
        (
            (*link, "--confirm", "--close", str(before), "--params", str(before.parents[1] / "params.yaml"), *BY),
            "names no journal",
        ),
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


def test_a_decision_says_at_once_what_it_contradicts(before: Path, pair: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    others = table(before, "accounts").filter(~pl.col("is_deleted"), pl.col("account_id") != pair["account"])

    def told(by: str, decision: str, account: str = pair["account"]) -> list[str]:
        deciding = Deciding(decision, by, "looked it up", before, journal=file)
        return decide_link(pair["customer"], account, deciding)[1:]

    assert told("Ann Lee", "confirm") == []
    assert told("Ann Lee", "unsure") == [], "one may change one's mind"
    assert "It contradicts decision 2 (unsure by Ann Lee) on the same evidence" in told("Ben Ito", "confirm")[0]
    (second,) = told("Ann Lee", "confirm", others["account_id"][0])
    assert second.startswith("Decision 3 (by Ben Ito) confirms this customer to another account")


def test_the_list_tells_every_decision_in_words(decided: Path, pair: dict[str, str]) -> None:
    result = recon("decide", "list", "--journal", str(decided))
    assert result.returncode == 0, result.stderr
    assert f"Ann Lee: confirm link {pair['customer']} = {pair['account']}: asked the owner" in result.stdout
    assert "2 decision(s)" in result.stdout
