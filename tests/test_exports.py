"""A first run from exports made by hand: what it finds, what it says it cannot prove, and that nothing of a file is lost."""

import csv
import io
import json
import random
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_kit.artifacts import CloseFolder
from recon_kit.extract import copy_raw
from recon_kit.extract.exports import raw_files, read_mapped
from recon_kit.extract.exports.kinds import kind_of
from recon_kit.extract.exports.known_headers import KNOWN_HEADERS
from recon_kit.extract.exports.reading import read_export
from recon_kit.extract.exports.values import Locale, plain_number
from recon_kit.params import SAMPLE_FOLDER, Params, read_params, read_policy
from recon_kit.policy import Policy
from recon_kit.schemas.raw import OBJECTS
from tests.small_close import close_again
from tests.whole_close import recon, run_cells, table, write_params
from tests.world.render_exports import export_by_hand

NOT_SHOWN = {
    ("amount_mismatch", "paused"): "the export of subscriptions has no trace of a paused collection",
    ("amount_mismatch", "discount"): "the export names a coupon without its terms",
}
"""Kinds of planted gaps that such exports cannot show; a discount only where it is a coupon of the subscription."""


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    """A finished close whose only sources are Salesforce reports and Dashboard CSVs of the sample company."""
    folder = tmp_path_factory.mktemp("by_hand")
    columns = export_by_hand(SAMPLE_FOLDER, folder / "mine")
    (folder / "mine" / "notes from the call.txt").write_text("call Maria\n", encoding="utf-8")
    params = write_params(folder, folder / "mine", columns=columns)
    return close_again(params, folder / "close")


def truth():
    return pl.read_csv(SAMPLE_FOLDER / "truth" / "gaps.csv", infer_schema=False).fill_null("")


def identity(family, opportunity_ids, subscription_ids):
    """A gap by its family and records; reports give 15 characters of Salesforce's ids."""
    return family, tuple(sorted(i[:15] for i in opportunity_ids)), tuple(sorted(subscription_ids))


def planted():
    for gap in truth().iter_rows(named=True):
        ids = [list(filter(None, gap[key].split(";"))) for key in ("opportunity_ids", "subscription_ids")]
        yield identity(gap["family"], *ids), gap


def coupon_carriers():
    """Subscriptions that carry a coupon: what their export cannot tell."""
    with (SAMPLE_FOLDER / "stripe" / "subscriptions.jsonl").open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return {one["id"] for one in found if one["discounts"] or one.get("discount")}


def can_be_shown(gap):
    by_coupon = set(gap["subscription_ids"].split(";")) & coupon_carriers()
    key = gap["family"], gap["cause"]
    return not (key in NOT_SHOWN and (gap["cause"] != "discount" or by_coupon))


def test_it_finds_nine_tenths_of_what_exports_can_show(by_hand):
    found = {
        identity(gap["family"], gap["opportunity_ids"], gap["subscription_ids"]): gap
        for gap in table(by_hand, "gaps").iter_rows(named=True)
    }
    showable = [(key, gap) for key, gap in planted() if can_be_shown(gap)]
    hits = [(found[key], gap) for key, gap in showable if key in found]
    exact = [gap for mine, gap in hits if str(mine["difference_minor"]) == gap["difference_minor"]]
    same_cause = [gap for mine, gap in hits if mine["cause"] == gap["cause"]]
    total = truth().height
    print(
        f"\nexports only: {len(hits)} of {len(showable)} showable gaps found ({len(hits) / len(showable):.0%}), of all "
        f"{total}: {len(hits) / total:.0%}; {len(exact)} to the cent, {len(same_cause)} with their cause"
    )
    assert len(showable) >= 0.9 * total
    assert len(hits) >= 0.9 * len(showable)
    assert len(exact) == len(hits)


def test_what_exports_cannot_show_stands_under_not_testable_with_money(by_hand):
    listed = table(by_hand, "not_testable").filter(room="extract", subject="subscription")
    exposed = dict(listed.select("id", "exposed_minor").iter_rows())
    hidden = [gap for _, gap in planted() if not can_be_shown(gap)]
    assert {gap["cause"] for gap in hidden} == {"paused", "discount"}
    for gap in hidden:
        assert exposed.get(gap["subscription_ids"], 0) > 0, gap


def test_every_doubt_of_the_exports_has_money(by_hand):
    listed = table(by_hand, "not_testable").filter(pl.col("room") == "extract", pl.col("subject") != "file")
    kinds = set(listed.filter(subject="export")["id"])
    assert kinds == {f"stripe/{n}" for n in ("subscriptions", "invoices", "credit_notes", "refunds")} | {
        "salesforce/Opportunity"
    }
    assert listed.filter(pl.col("exposed_minor").is_null() | pl.col("currency").is_null()).is_empty()


def test_exports_raise_no_gap_that_the_api_does_not_unless_it_is_doubted(by_hand, sample_close):
    def keys(close):
        rows = table(close, "gaps").select("family", "opportunity_ids", "subscription_ids").rows()
        return {identity(*row) for row in rows}

    doubted = set(table(by_hand, "not_testable").filter(room="extract", subject="subscription")["id"])
    extra = keys(by_hand) - keys(sample_close)
    assert all(set(subscriptions) & doubted for _, _, subscriptions in extra), extra


def test_every_line_of_every_export_is_accounted_for(by_hand):
    ties = table(by_hand, "controls").filter(pl.col("control_id").str.starts_with("extract.exports."))
    assert ties.height == 9 + 10
    assert ties["passes"].all()
    lines = ties.filter(pl.col("control_id").str.contains("All opportunities.csv.lines", literal=True))
    content = (by_hand / "raw" / "exports" / "All opportunities.csv").read_bytes()
    assert lines["left_rows"].item() == content.count(b"\n")


def test_the_exports_are_kept_as_they_came(by_hand):
    mine = by_hand.parent / "mine"
    kept = {file.name: file.read_bytes() for file in (by_hand / "raw" / "exports").iterdir()}
    assert kept == {file.name: file.read_bytes() for file in mine.iterdir() if file.suffix == ".csv"}


def test_a_file_that_no_map_names_is_told(by_hand, tmp_path):
    left_out = copy_raw(CloseFolder(tmp_path), read_params(by_hand.parent / "params.yaml"))
    assert left_out["subject"].to_list() == ["notes from the call.txt"]


@pytest.mark.soak
def test_the_close_verifies_from_its_own_exports(by_hand):
    verified = recon("verify", str(by_hand))
    assert verified.returncode == 0, verified.stderr + verified.stdout


# faults of one's own rows ----------------------------------------------------------------------------


def test_a_faulty_row_is_quarantined_under_the_line_of_the_export(tmp_path):
    columns = export_by_hand(SAMPLE_FOLDER, tmp_path / "mine")
    reports, dashboard = tmp_path / "mine" / "All opportunities.csv", tmp_path / "mine" / "invoices.csv"
    lines = reports.read_bytes().split(b"\r\n")
    amount = next(
        cell
        for cell in lines[20].split(b'","')
        if b"," in cell and cell.replace(b".", b"").replace(b",", b"").isdigit()
    )
    lines[20] = lines[20].replace(amount, b"1.2.3")
    reports.write_bytes(b"\r\n".join(lines))
    rows = dashboard.read_text(encoding="utf-8").splitlines(keepends=True)
    rows[3] = "in_cut,cus_off\n"
    dashboard.write_text("".join(rows), encoding="utf-8")
    close = run_cells(write_params(tmp_path, tmp_path / "mine", columns=columns), tmp_path / "close")
    own = table(close, "quarantine").filter(pl.col("object") != "OpportunityLineItem")
    faults = own.select("file", "line", "field", "value").rows()
    assert ("salesforce/Opportunity-002 All opportunities.csv", 21, "Amount", "1.2.3") in faults
    assert ("stripe/invoices-007 invoices.csv.jsonl", 4, "", None) in faults
    assert len(faults) == 2


def test_two_monthly_exports_supersede_each_other_by_name(tmp_path):
    head = "id,Name,Email\n"
    objects = {"objects": {"stripe/customers": {"id": "id", "name": "Name", "email": "Email"}}}
    for name, email in (("customers 2026-09.csv", "old@acme.com"), ("customers 2026-10.csv", "new@acme.com")):
        (tmp_path / name).write_text(f"{head}cus_1,Acme,{email}\n", encoding="utf-8")
    names = ["customers 2026-09.csv", "customers 2026-10.csv"]
    source = {"kind": "files", "path": str(tmp_path)}
    params = Params.model_validate(
        {"as_of": "2026-10-31", "source": {"stripe": source}, "columns": dict.fromkeys(names, objects)}
    )
    made = list(raw_files(read_mapped(params, {"stripe": tmp_path}), params, Policy()))
    assert [file.name for file in made] == [f"stripe/customers-00{i} {name}.jsonl" for i, name in enumerate(names, 1)]
    assert "new@acme.com" in made[1].content.decode()


# for any input -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    columns = export_by_hand(SAMPLE_FOLDER, folder / "mine")
    return read_params(write_params(folder, folder / "mine", columns=columns)), folder / "mine"


def records_of(params, folder):
    roots = {"stripe": folder, "salesforce": folder}
    files = raw_files(read_mapped(params, roots), params, read_policy(params))
    return {file.name: sorted(file.content.decode().split("\n")) for file in files}


def test_the_order_of_rows_does_not_matter(exported, tmp_path):
    params, folder = exported
    for file in sorted(folder.glob("*.csv")):
        lines = file.read_bytes().splitlines(keepends=True)
        last = len(lines) - (8 if b"Grand Totals" in file.read_bytes() else 0)
        rows = lines[1:last]
        random.Random(5).shuffle(rows)
        (tmp_path / file.name).write_bytes(b"".join([lines[0], *rows, *lines[last:]]))
    before, after = records_of(params, folder), records_of(params, tmp_path)
    assert {name: [line for line in lines if line] for name, lines in before.items()} == {
        name: [line for line in lines if line] for name, lines in after.items()
    }


SIGNS = st.sampled_from(["{}", "${}", "{} USD", "USD {}", " {} "])


@given(st.integers(-(10**14), 10**14), st.sampled_from([".", ","]), SIGNS, st.booleans())
def test_any_amount_comes_back_to_the_cent(cents, decimal, sign, grouped):
    value = Decimal(cents) / 100
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    if decimal == ",":
        text = text.replace(",", " ").replace(".", ",").replace(" ", ".")
    written = pl.Series([sign.format(text)])
    read = pl.select(plain_number(pl.lit(written), Locale(decimal))).item()
    assert Decimal(read) == value


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
PIECES = st.one_of(
    CELLS, st.sampled_from(["\n", "\r\n", '"', ",", "Grand Totals (3 records)", "Copyright (c) 2000", "\n\n"])
)


@given(st.lists(PIECES, max_size=30), st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=4))
def test_no_line_of_any_file_is_lost(tmp_path_factory, pieces, rows):
    text = io.StringIO()
    csv.writer(text).writerows([["Id", "Name", "Amount"], *rows])
    content = text.getvalue() + "".join(pieces)
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(content.encode())
    export = read_export(path, "any.csv", ["Id", "Name", "Amount"], ["Id"])
    lines = len(content.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"))
    assert export.header_lines + export.report_lines + export.blank_lines + export.record_lines == lines


def test_every_known_header_is_of_an_object_of_the_layout_and_of_one_field_kind():
    for key, fields in KNOWN_HEADERS.items():
        source, _, name = key.partition("/")
        assert name in {raw.name for raw in OBJECTS[source]}
        for field, headers in fields.items():
            assert headers, field
            assert kind_of(source, name, field, {})
            assert len({header.lower() for header in headers}) == len(headers), (key, field)
        firsts = [headers[0].lower() for headers in fields.values()]
        assert len(set(firsts)) == len(firsts) or name in {"refunds", "disputes"}, key


def test_a_page_of_the_sample_needs_no_exports(sample_close: Path):
    assert not (sample_close / "raw" / "exports").exists()
