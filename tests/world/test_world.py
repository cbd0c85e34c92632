"""The test world is a second opinion, so it must be right by itself: in money, in time, in both shapes."""

import gzip
from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tests.world import World, build_world
from tests.world.__main__ import main
from tests.world.dates import half_up
from tests.world.reader import Json, objects, paid_invoices, rewound, rows, stripe_facts
from tests.world.truth import days_after

AS_OF = date(2026, 10, 31)
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file, uncompressed: compressors differ from machine to machine."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)).removesuffix(".gz"): gzip.decompress(path.read_bytes())
        if path.suffix == ".gz"
        else path.read_bytes()
        for path in files
    }


# -- money ---------------------------------------------------------------------------------------------


def test_an_invoice_is_the_sum_of_its_lines(pulls: dict[str, Path]) -> None:
    overflow = defaultdict(list)
    for line in objects(pulls["new"], "invoice_lines"):
        overflow[line["invoice"]].append(line)
    invoices = objects(pulls["new"], "invoices")
    assert any(invoice["lines"]["has_more"] for invoice in invoices)
    for invoice in invoices:
        lines = invoice["lines"]["data"] + overflow[invoice["id"]]
        discount = sum(found["amount"] for line in lines for found in line["discount_amounts"])
        taxes = [tax for line in lines for tax in line["taxes"]]
        exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
        assert invoice["subtotal"] == sum(line["amount"] for line in lines)
        assert invoice["total"] == invoice["subtotal"] - discount + exclusive >= 0
        assert sum(tax["amount"] for tax in invoice["total_taxes"]) == sum(tax["amount"] for tax in taxes)
        assert invoice["total_excluding_tax"] == invoice["total"] - sum(tax["amount"] for tax in taxes)


def test_a_charge_collects_its_invoice(pulls: dict[str, Path]) -> None:
    invoices = {invoice["id"]: invoice for invoice in objects(pulls["new"], "invoices")}
    invoice_of, paid = paid_invoices(pulls["new"]), set()
    for charge in objects(pulls["new"], "charges"):
        invoice = invoices[invoice_of[charge["id"]]]
        assert (charge["amount"], charge["currency"]) == (invoice["total"], invoice["currency"])
        if charge["paid"]:
            paid.add(invoice["id"])
    assert paid == {own for own, invoice in invoices.items() if invoice["status"] == "paid" and invoice["total"]}


def test_movements_payouts_and_balance_agree(pulls: dict[str, Path]) -> None:
    moved = {found["id"]: found for found in objects(pulls["later"], "balance_transactions")}
    assert all(found["net"] == found["amount"] - found["fee"] for found in moved.values())
    items = defaultdict(list)
    for listed in objects(pulls["later"], "payout_balance_transactions"):
        items[listed["payout"]].append(moved[listed["balance_transaction"]])
    payouts = objects(pulls["later"], "payouts")
    for payout in payouts:
        parts = [found for found in items[payout["id"]] if found["type"] != "payout"]
        assert payout["amount"] == sum(found["net"] for found in parts)
        assert {found["currency"] for found in parts} == {payout["currency"]}
    assert {payout["status"] for payout in payouts} == {"paid", "in_transit"}
    balance = objects(pulls["later"], "balance")[0]
    for row in balance["available"]:
        pending = next(other["amount"] for other in balance["pending"] if other["currency"] == row["currency"])
        assert row["amount"] + pending == sum(
            found["net"] for found in moved.values() if found["currency"] == row["currency"]
        )


def test_a_foreign_charge_settles_at_the_printed_rate(pulls: dict[str, Path]) -> None:
    charges = {charge["id"]: charge for charge in objects(pulls["new"], "charges")}
    converted = [
        found
        for found in objects(pulls["new"], "balance_transactions")
        if found["type"] == "charge" and found["exchange_rate"]
    ]
    assert {charges[found["source"]]["currency"] for found in converted} == {"gbp", "jpy"}
    for found in converted:
        charge = charges[found["source"]]
        exponent = 0 if charge["currency"] == "jpy" else 2
        assert found["amount"] == half_up(
            Fraction(charge["amount"], 10**exponent) * Fraction(str(found["exchange_rate"])) * 100
        )


# -- determinism and shapes ------------------------------------------------------------------------------


def test_two_builds_are_equal(world: World, tmp_path: Path, pulls: dict[str, Path]) -> None:
    build_world(2026).render(tmp_path, shape="mixed")
    assert contents(tmp_path) == contents(pulls["mixed"])
    assert build_world(2026).truth == world.truth
    assert build_world(2027).truth != world.truth


def test_the_committed_sample_is_this_world(tmp_path: Path) -> None:
    main(["--out", str(tmp_path), "--seed", "2026", "--accounts", "150"])
    committed = {name: body for name, body in contents(SAMPLE).items() if not name.startswith("closes/")}
    assert contents(tmp_path) == committed


@pytest.mark.parametrize("shape", ["old", "mixed"])
def test_every_shape_tells_the_same_facts(pulls: dict[str, Path], shape: str) -> None:
    expected = dict(stripe_facts(pulls["new"]))
    found = dict(stripe_facts(pulls[shape]))
    for name, facts in expected.items():
        assert facts, name
        assert found[name] == facts, name


def test_the_shapes_are_those_of_their_versions(pulls: dict[str, Path]) -> None:
    for own in objects(pulls["old"], "subscriptions"):
        assert "current_period_end" in own
        assert "current_period_end" not in own["items"]["data"][0]
    for own in objects(pulls["new"], "subscriptions"):
        assert "current_period_end" not in own
        assert "discount" not in own
    assert not objects(pulls["old"], "invoice_payments")
    assert not any("invoice" in charge for charge in objects(pulls["new"], "charges"))
    versions = Counter(event["api_version"] for event in objects(pulls["mixed"], "events"))
    assert set(versions) == {"2024-06-20", "2026-10-28.endive"}


# -- time ------------------------------------------------------------------------------------------------


def test_a_later_pull_contains_the_earlier_one(pulls: dict[str, Path]) -> None:
    for name in ("customers", "subscriptions", "invoices", "charges", "refunds", "balance_transactions", "payouts"):
        early, late = ({own["id"] for own in objects(pulls[pull], name)} for pull in ("new", "later"))
        assert early <= late
    assert len(objects(pulls["later"], "invoices")) > len(objects(pulls["new"], "invoices"))
    for name in ("Account", "Opportunity", "OpportunityHistory", "OpportunityLineItem", "Contact"):
        early, late = ({row["Id"] for row in rows(pulls[pull], name)} for pull in ("new", "later"))
        assert early <= late


@pytest.mark.parametrize("name", ["subscription", "invoice", "charge"])
def test_events_wind_a_later_pull_back_to_as_of(pulls: dict[str, Path], name: str) -> None:
    expected = {own["id"]: own for own in objects(pulls["new"], f"{name}s")}
    later: dict[str, Json] = {own["id"]: own for own in objects(pulls["later"], f"{name}s")}
    changed = set()
    for event in sorted(objects(pulls["later"], "events"), key=lambda event: event["created"], reverse=True):
        own = event["data"]["object"]
        if event["created"] < days_after(AS_OF) or own["object"] != name:
            continue
        if event["type"].endswith(".deleted"):
            later[own["id"]] = {**later[own["id"]], "ended_at": None, "status": "active", "canceled_at": None}
            later[own["id"]]["cancellation_details"] = {"comment": None, "feedback": None, "reason": None}
            changed.add(own["id"])
        elif "previous_attributes" in event["data"]:
            later[own["id"]] = rewound(later[own["id"]], event["data"]["previous_attributes"])
            changed.add(own["id"])
    assert changed & expected.keys(), "nothing changed after as_of, so the test proves nothing"
    assert {own: later[own] for own in expected} == expected


def test_history_winds_an_opportunity_back(pulls: dict[str, Path]) -> None:
    newest: dict[str, dict[str, str]] = {}
    for row in sorted(rows(pulls["later"], "OpportunityHistory"), key=lambda row: row["CreatedDate"]):
        if row["CreatedDate"] < (AS_OF + timedelta(days=1)).isoformat():
            newest[row["OpportunityId"]] = row
    fields = ("StageName", "Amount", "CloseDate")
    early = {row["Id"]: tuple(row[field] for field in fields) for row in rows(pulls["new"], "Opportunity")}
    late = {row["Id"]: tuple(row[field] for field in fields) for row in rows(pulls["later"], "Opportunity")}
    assert {own: tuple(row[field] for field in fields) for own, row in newest.items()} == early
    assert any(late[own] != said for own, said in early.items())


def test_without_the_flag_events_reach_back_thirty_days(world: World, tmp_path: Path) -> None:
    world.render(tmp_path, shape="new", all_events=False)
    oldest = min(event["created"] for event in objects(tmp_path, "events"))
    assert oldest >= days_after(AS_OF) - 30 * 86400


def test_a_pull_beyond_the_history_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="beyond"):
        world.render(tmp_path, AS_OF + timedelta(days=70))
