"""A pseudonymised pack tells nobody's name, and its figures are those of the close."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from recon_kit import journal
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.sign import Signing, sign
from recon_kit.commands.verify import verify
from recon_kit.gaps.causes.discounts import TOLD_DISCOUNT
from recon_kit.policy import SettingsError
from recon_kit.runner.pseudonymised import pseudonym_key, write_pseudonymised
from recon_kit.runner.pseudonymised.checks import NotPseudonymous, require_nobody_told, require_same_figures
from recon_kit.runner.pseudonymised.columns import Treatment, is_known, treatment
from recon_kit.runner.pseudonymised.hashing import Pseudonyms, discount_told
from recon_kit.runner.pseudonymised.pack import _write_inputs
from recon_kit.schemas import TABLES
from recon_kit.schemas.table import frame_schema
from tests import decisions
from tests.personal import found_in, personal_values
from tests.whole_close import recon, table

KEY = b"a key of the tests, 32 bytes long"


@pytest.fixture(scope="module")
def pack(sample_close: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of the sample, made beside a copy of its close."""
    close = tmp_path_factory.mktemp("closes") / "2026-10-31"
    shutil.copytree(sample_close, close)
    return write_pseudonymised(close, KEY)


def test_no_name_mail_domain_phone_or_address_of_the_sample_is_in_it(pack: Path, sample_close: Path) -> None:
    values = personal_values(sample_close / "raw")
    assert len(values) > 1000
    assert found_in(sample_close / "html", values), "the search finds them in the close itself"
    assert found_in(pack, values) == {}


def test_it_holds_tables_and_the_pages_from_04_on_and_nothing_else(pack: Path) -> None:
    assert pack.name == "2026-10-31.pseudonymised"
    assert {path.name for path in pack.iterdir()} == {"tables", "notebooks", "html", "manifest.json", "pack.json"}
    pages = {path.stem for path in (pack / "html").glob("*.html")}
    assert {"index", "04_gaps", "08_close"} <= pages
    assert not pages & {"01_extract", "02_normalise", "03_resolve"}
    assert "keyed hashes" in (pack / "html" / "index.html").read_text("utf-8")


def test_its_figures_tie(pack: Path, sample_close: Path) -> None:
    assert {path.name for path in (pack / "tables").iterdir()} == {
        path.name for path in (sample_close / "tables").iterdir()
    }
    for name in ("bridge", "history", "placement", "gap_components", "pairs", "controls"):
        amounts = table(sample_close, name).select(pl.col(pl.Int64, pl.Boolean, pl.Date))
        assert amounts.equals(table(pack, name).select(amounts.columns)), name
    money = ["gap_id", "cause", "state", "difference_minor", "impact_minor", "diverged_on"]
    assert table(pack, "gaps").select(money).equals(table(sample_close, "gaps").select(money))
    assert table(pack, "bridge")["label"].to_list() == table(sample_close, "bridge")["label"].to_list()


def test_ids_stay_and_equal_values_have_equal_hashes(pack: Path, sample_close: Path) -> None:
    ids = ["customer_id", "currency", "metadata_account_id"]
    assert table(pack, "customers").select(ids).equals(table(sample_close, "customers").select(ids))
    gaps, accounts = table(pack, "gaps"), table(pack, "accounts")
    named = gaps.join(accounts, on="account_id").select("account_name", "name")
    assert named.height > 0
    assert named["account_name"].equals(named["name"].rename("account_name"))
    assert set(table(pack, "quarantine")["reason"]) | set(table(pack, "links")["reason"]) <= {"(left out)"}


def test_it_verifies_cannot_be_signed_and_a_change_is_named(pack: Path, tmp_path: Path) -> None:
    copy = tmp_path / pack.name
    shutil.copytree(pack, copy)
    assert verify(copy) == []
    with pytest.raises(SettingsError, match="pseudonymised pack"):
        sign(Signing(copy, "Jane Doe", "late", carry_all=True))
    page = copy / "html" / "04_gaps.html"
    page.write_bytes(page.read_bytes() + b"\n")
    assert [finding.file for finding in verify(copy)] == ["html/04_gaps.html"]


def test_another_key_gives_other_hashes_and_the_key_is_nowhere(pack: Path) -> None:
    one, other = Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    assert one.of("Acme Corp.") == Pseudonyms(KEY).of("Acme Corp.") != other.of("Acme Corp.")
    assert one.of("Acme Corp.").isalpha()
    assert not [path for path in pack.rglob("*") if path.is_file() and KEY in path.read_bytes()]
    assert json.loads((pack / "manifest.json").read_text("utf-8"))["pseudonymised"]["hashes"] == "HMAC-SHA256"


def test_a_key_is_needed_long_enough_and_kept_apart(tmp_path: Path) -> None:
    close = tmp_path / "closes" / "2026-10-31"
    (close / "inputs").mkdir(parents=True)
    good, short, within = tmp_path / "key", tmp_path / "short", close / "inputs" / "key"
    good.write_bytes(KEY + b"\n")
    short.write_bytes(b"short")
    within.write_bytes(KEY)
    named = "RECON_PSEUDONYM_KEY_FILE"
    assert pseudonym_key(close, {named: str(good)}) == KEY
    for environment, said in (
        ({}, "needs RECON_PSEUDONYM_KEY_FILE"),
        ({named: str(tmp_path / "none")}, "cannot be read"),
        ({named: str(short)}, "5 bytes"),
        ({named: str(within)}, "kept apart"),
    ):
        with pytest.raises(SettingsError, match=said):
            pseudonym_key(close, environment)


def test_without_a_key_the_command_stops_before_it_begins(tmp_path: Path) -> None:
    out = tmp_path / "close"
    result = recon(
        "close", "--params", "params/sample.yaml", "--out", str(out), "--pseudonymise",
        environment={"RECON_PSEUDONYM_KEY_FILE": ""},
    )  # fmt: skip
    assert result.returncode == 1
    assert "RECON_PSEUDONYM_KEY_FILE" in result.stderr
    assert not out.exists()


def test_every_text_column_of_every_table_has_a_rule() -> None:
    texts = [
        (name, column)
        for name, one in TABLES.items()
        for column, kind in frame_schema(one.schema).items()
        if kind in (pl.String, pl.List(pl.String))
    ]
    assert [f"{name}.{column}" for name, column in texts if not is_known(column)] == []
    keys = [(name, column) for name, column in texts if column in TABLES[name].key]
    changed = [where for where in keys if treatment(*where) is not Treatment.KEPT]
    assert changed == [], "a key must stay, or rows would meet"


NOTES = """
20 % off list price agreed with Tom Okonjo  | 20 % off
Discount of 12.5 % for Acme until May       | discount of 12.5 %
Call Ann Lee first                          |
"""


@pytest.mark.parametrize("line", NOTES.strip().splitlines())
def test_of_a_note_the_discount_alone_is_kept_as_it_is_read(line: str) -> None:
    text, kept = (part.strip() for part in line.split("|"))
    told = pl.DataFrame({"note": [text]}).select(pl.col("note"), kept=discount_told(pl.col("note")))
    assert told["kept"][0] == (kept or None)
    read = [pl.coalesce(pl.col(name).str.extract(one, 1) for one in TOLD_DISCOUNT) for name in ("note", "kept")]
    assert told.select(read[0] == read[1])["note"][0] is not False


def test_settings_keep_their_figures_and_lose_their_people() -> None:
    names = Pseudonyms(KEY)
    names.table("accounts", pl.DataFrame({"name": ["Acme Ltd."]}))
    rule = {
        "name": "billed elsewhere",
        "owner": "Ann Lee",
        "reason": "Acme Ltd. asked",
        "where": {"account": ["Acme Ltd."]},
    }
    given = {"rounding_tolerance": "1.00", "dismissal_rules": [rule]}
    kept = names.settings(given)
    assert kept["rounding_tolerance"] == "1.00"
    assert kept["dismissal_rules"][0] == {
        "name": "rule 001", "owner": names.of("Ann Lee"), "reason": "(left out)",
        "where": {"account": [names.of("Acme Ltd.")]},
    }  # fmt: skip


def test_an_account_that_a_rule_names_is_hashed_though_no_record_bears_the_name_any_more() -> None:
    names = Pseudonyms(KEY)
    kept = names.settings({"dismissal_rules": [{"name": "old", "where": {"account_name": ["Vanished"]}}]})
    assert kept["dismissal_rules"][0]["where"] == {"account_name": [names.of("Vanished")]}


def test_names_of_rules_are_free_text_and_become_numbers_in_their_order() -> None:
    rules = [{"name": name, "owner": "Ann Lee"} for name in ("partners of Globex", "Acme pays its reseller")]
    kept = Pseudonyms(KEY).settings({"dismissal_rules": rules})["dismissal_rules"]
    assert [rule["name"] for rule in kept] == ["rule 002", "rule 001"]


def test_the_checks_can_fail(pack: Path, sample_close: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>Acme Corporation</p>", encoding="utf-8")
    with pytest.raises(NotPseudonymous, match=r"page\.html \(a value of accounts\.name\)"):
        require_nobody_told(tmp_path, {"Acme Corporation": "accounts.name"})
    other = tmp_path / "close" / "tables"
    shutil.copytree(sample_close / "tables", other)
    bridge = pl.read_parquet(other / "bridge.parquet")
    bridge.with_columns(pl.col("amount_minor") + 1).write_parquet(other / "bridge.parquet")
    with pytest.raises(NotPseudonymous, match="in bridge"):
        require_same_figures(CloseFolder(other.parent), CloseFolder(pack))


def test_decisions_stay_without_who_made_them(tmp_path: Path) -> None:
    close, made = CloseFolder(tmp_path / "close").create(), CloseFolder(tmp_path / "pack").create()
    written = decisions.written(tmp_path, decisions.gap("gap_1", "accept"), decisions.gap("gap_2", "reject"))
    shutil.copyfile(written, close.inputs / journal.COPY)
    _write_inputs(made, close, Pseudonyms(KEY))
    kept = journal.read_decisions(made.inputs)
    assert kept["decision"].to_list() == ["accept", "reject"]
    assert set(kept["by"]) == {Pseudonyms(KEY).of("Ann Lee")}
    assert set(kept["reason"]) == {"(left out)"}
