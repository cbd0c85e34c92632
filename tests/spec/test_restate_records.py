"""Two snapshots compared record by record, and the one between them; figures taken apart without a rest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_kit.commands.restate.composed import digest_of, without_late
from recon_kit.commands.restate.edits import edited_fields
from recon_kit.commands.restate.figures import KEY, differences
from recon_kit.commands.restate.proof import ties
from recon_kit.commands.restate.records import changed_records

ACCOUNT = "Id,Name\n"
LONG, SHORT = "001000000000001AAA", "001000000000001"


def raw(folder: Path, **files: str) -> Path:
    """Write files of a snapshot; ``stripe__customers__jsonl`` is ``stripe/customers.jsonl``."""
    for name, text in files.items():
        *parts, ending = name.split("__")
        file = folder.joinpath(*parts).with_name(f"{parts[-1]}.{ending.replace('_', '.')}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    return folder


def customers(**names: str) -> str:
    return "".join(json.dumps({"id": key, "name": name}) + "\n" for key, name in names.items())


def changes(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> list[tuple[str, str, str]]:
    found = changed_records(raw(tmp_path / "old", **old), raw(tmp_path / "new", **new))
    return list(found.select("object", "key", "change").iter_rows())


CASES: dict[str, tuple[dict[str, str], dict[str, str], list[tuple[str, str, str]]]] = {
    "an object is edited, another gone, a third new": (
        {"stripe__customers__jsonl": customers(a="Acme", b="Beta")},
        {"stripe__customers__jsonl": customers(a="Acme Ltd", c="Ceta")},
        [("customers", "a", "edited"), ("customers", "b", "removed"), ("customers", "c", "late")],
    ),
    "order, blank lines, files and gzip say nothing": (
        {"stripe__customers__jsonl": customers(a="Acme", b="Beta")},
        {
            "stripe__customers-1__jsonl_gz": "\n" + customers(b="Beta"),
            "stripe__customers-2__jsonl": customers(a="Acme"),
        },
        [],
    ),
    "an id of 15 characters is that of 18": (
        {"salesforce__Account__csv": ACCOUNT + f"{LONG},Acme\n"},
        {"salesforce__Account__csv": ACCOUNT + f"{SHORT},Acme Ltd\n"},
        [("Account", LONG, "edited")],
    ),
    "columns in another order and an empty one more say nothing": (
        {"salesforce__Account__csv": ACCOUNT + f"{LONG},Acme\n"},
        {"salesforce__Account__csv": f"Name,Id,Phone\nAcme,{LONG},\n"},
        [],
    ),
    "a file that only one has": (
        {"stripe__events__jsonl": '{"id": "evt_1"}\n'},
        {"stripe__charges__jsonl": '{"id": "ch_1"}\n'},
        [("charges", "ch_1", "late"), ("events", "evt_1", "removed")],
    ),
    "the balance has no id and is one object": (
        {"stripe__balance__jsonl": '{"available": [1]}\n'},
        {"stripe__balance__jsonl": '{"available": [2]}\n'},
        [("balance", "balance", "edited")],
    ),
    "rates are known by their day": (
        {"fx__eurofxref-hist__csv": "Date,USD,\n2026-10-30,1.2,\n2026-10-29,1.1,\n"},
        {"fx__eurofxref-hist__csv": "Date,USD,\n2026-10-31,1.3,\n2026-10-30,1.25,\n2026-10-29,1.1,\n"},
        [("eurofxref-hist", "2026-10-30", "edited"), ("eurofxref-hist", "2026-10-31", "late")],
    ),
    "ledger and bank files count whole": (
        {"ledger__october__csv": "a,b\n1,2\n", "bank__one__csv": "x\n1\n"},
        {"ledger__october__csv": "a,b\n1,3\n", "bank__one__csv": "x\n1\n", "bank__two__csv": "x\n2\n"},
        [("two.csv", "two.csv", "edited"), ("october.csv", "october.csv", "edited")],
    ),
    "how it came is no record": ({"pull__stripe__json": "{}"}, {"exports__a__csv": "x\n"}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_differs(tmp_path: Path, case: str) -> None:
    old, new, expected = CASES[case]
    assert changes(tmp_path, old, new) == expected


def test_lines_without_an_id_are_known_by_their_content(tmp_path: Path) -> None:
    line = '{"payout": "po_1", "balance_transaction": "txn_1"}\n'
    found = changes(
        tmp_path,
        {"stripe__payout_balance_transactions__jsonl": line + "no json\n"},
        {"stripe__payout_balance_transactions__jsonl": "no json\n" + line + line.replace("txn_1", "txn_2")},
    )
    assert [change for _, _, change in found] == ["late"]


def between(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> Path:
    first, last = raw(tmp_path / "old", **old), raw(tmp_path / "new", **new)
    return without_late(first, last, changed_records(first, last), tmp_path / "both")


def test_between_two_snapshots_stand_the_records_of_both_as_the_newer_has_them(tmp_path: Path) -> None:
    old = {
        "stripe__customers__jsonl": customers(a="Acme", b="Beta"),
        "stripe__prices__jsonl": '{"id": "p"}\n',
        "salesforce__Account__csv": ACCOUNT + "A1,Acme\nA2,Beta\nA3,Ceta\n",
        "salesforce__Contact__csv": "Id\nC1\n",
        "bank__one__csv": "x\n1\n",
    }
    new = {
        "stripe__customers__jsonl": customers(c="Ceta", a="Acme Ltd"),
        "stripe__prices__jsonl": '{"id": "q"}\n{"id": "p"}\n',
        "stripe__events__jsonl": '{"id": "evt_1"}\n',
        "salesforce__Account__csv": ACCOUNT + 'A1,"Acme, ""the"" firm"\nA4,"late\none"\nA3,Ceta\n',
        "bank__one__csv": "x\n2\n",
        "pull__stripe__json": "{}",
    }
    both = between(tmp_path, old, new)
    files = {file.relative_to(both).as_posix() for file in both.rglob("*") if file.is_file()}
    assert files == {"stripe/customers.jsonl", "stripe/prices.jsonl", "salesforce/Account.csv", "bank/one.csv"}
    assert (both / "stripe" / "customers.jsonl").read_text() == customers(a="Acme Ltd")
    assert (both / "stripe" / "prices.jsonl").read_text() == old["stripe__prices__jsonl"]
    accounts = pl.read_csv(both / "salesforce" / "Account.csv")
    assert accounts.rows() == [("A1", 'Acme, "the" firm'), ("A3", "Ceta")]
    assert (both / "bank" / "one.csv").read_text() == "x\n2\n"
    assert changed_records(both, tmp_path / "new")["change"].unique().to_list() == ["late"]


def test_without_late_records_it_is_the_newer_snapshot_and_without_edits_the_older(tmp_path: Path) -> None:
    first = {"stripe__customers__jsonl_gz": customers(a="Acme"), "salesforce__Account__csv": ACCOUNT + "A1,Acme\n"}
    later = {"stripe__customers__jsonl_gz": customers(a="Beta"), "salesforce__Account__csv": ACCOUNT + "A1,Beta\n"}
    assert digest_of(between(tmp_path / "edited", first, later)) == digest_of(tmp_path / "edited" / "new")
    more = {name: text + ("A2,Beta\n" if name.endswith("csv") else customers(b="B")) for name, text in first.items()}
    assert digest_of(between(tmp_path / "late", first, more)) == digest_of(tmp_path / "late" / "old")


def test_a_gzipped_file_with_both_stays_gzipped_and_keeps_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    first, last = (raw(tmp_path / name, stripe__customers__jsonl_gz="") for name in ("old", "new"))
    spoilt = b'{"id": "b", "name": "Caf\xe9"}\n'
    before, after = customers(a="Acme").encode() + spoilt, customers(c="C", a="Acme Ltd").encode() + spoilt
    for folder, content in ((first, before), (last, after)):
        (folder / "stripe" / "customers.jsonl.gz").write_bytes(gzip.compress(content))
    found = changed_records(first, last)
    assert found.select("key", "change").rows() == [("a", "edited"), ("c", "late")]
    both = without_late(first, last, found, tmp_path / "both")
    kept = gzip.decompress((both / "stripe" / "customers.jsonl.gz").read_bytes())
    assert kept == customers(a="Acme Ltd").encode() + spoilt


def test_edits_are_told_by_field(tmp_path: Path) -> None:
    old = raw(
        tmp_path / "old",
        salesforce__Account__csv="Id,Name,Phone\nA1,Acme,\n",
        stripe__customers__jsonl='{"id": "a", "items": {"data": [{"quantity": 2}]}, "name": null}\n{"id": "b"}\n',
    )
    new = raw(
        tmp_path / "new",
        salesforce__Account__csv="Id,Name,Phone\nA1,Beta,1\n",
        stripe__customers__jsonl='{"name": "x", "items": {"data": [{"quantity": 3}]}, "id": "a"}\n{ "id": "b" }\n',
    )
    told = edited_fields(old, new, changed_records(old, new))
    assert dict(told.select("key", "fields").iter_rows()) == {
        "A1": "Name: Acme → Beta; Phone: empty → 1",
        "a": "items.data.0.quantity: 2 → 3; name: empty → x",
        "b": "the same, written otherwise",
    }


# -- figures -----------------------------------------------------------------------------------------

NAMES = ("code", "policy", "late")
amounts = st.dictionaries(st.sampled_from("abcd"), st.integers(-(10**15), 10**15), max_size=4)


def state(by_id: dict[str, int]) -> pl.DataFrame:
    rows = [("bridge", key, "a month", "USD", key, 1, amount) for key, amount in by_id.items()]
    columns = dict.fromkeys((*KEY, "label"), pl.String) | {"place": pl.Int64, "amount": pl.Int64}
    return pl.DataFrame(rows, schema=columns, orient="row")


@given(st.tuples(amounts, amounts, amounts, amounts), st.sets(st.sampled_from(["1", "2"])))
def test_parts_sum_to_the_change_whatever_appears_vanishes_or_cannot_be_closed(
    by_state: tuple[dict[str, int], ...], unknown: set[str]
) -> None:
    states = {str(place): None if str(place) in unknown else state(one) for place, one in enumerate(by_state)}
    found = differences(states, NAMES)
    assert set(found["id"]) == {
        key for name, one in zip("0123", by_state, strict=True) if name not in unknown for key in one
    }
    for row in found.iter_rows(named=True):
        first, last = (by_state[place].get(row["id"], 0) for place in (0, 3))
        assert (row["old"], row["new"], row["change"]) == (first, last, last - first)
        assert sum(row[name] or 0 for name in NAMES) == row["change"]
        assert {name for name in NAMES if row[name] is None} == {NAMES[int(one) - 1] for one in unknown}
    assert ties(found, NAMES)[0].passes


def test_an_equation_that_does_not_hold_is_told() -> None:
    found = differences({"old": state({"a": 1}), "new": state({"a": 3})}, ["code"])
    broken = found.with_columns(code=pl.col("code") + 1)
    assert [one.passes for one in ties(found, ["code"])] == [True]
    assert [one.control_id for one in ties(broken, ["code"]) if not one.passes] == ["restate.parts"]
