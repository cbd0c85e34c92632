"""Approvals, drawn: which billing events are not standard, what they changed and touch, and who decided on them."""

import datetime as dt

import polars as pl
import pytest

from recon_kit import journal
from recon_kit.close import approvals, billing_events
from recon_kit.policy import build_policy
from recon_kit.schemas import TABLES
from tests import decisions
from tests.hand_made import AS_OF, table

READ = (
    *("accounts", "contracts", "subscriptions", "subscription_items", "discounts", "links", "placement"),
    *("mrr_worksheet", "invoices", "invoice_lines", "credit_notes"),
)


def books(**rows):
    """A company with one customer, one account, one subscription that is billed 1,200.00 less 10 %."""
    usual = {
        "accounts": [{"account_id": "acc", "name": "Acme"}],
        "links": [{"customer_id": "cus", "account_id": "acc", "status": "linked"}],
        "subscriptions": [{"subscription_id": "s1", "customer_id": "cus"}],
        "subscription_items": [{"item_id": "si1", "subscription_id": "s1"}],
        "mrr_worksheet": [
            {"side": "billing", "record_id": "s1", "currency": "USD", "gross_monthly": 120_000, "discount_monthly": 12_000,
             "item_discount_monthly": 0, "parts": 1, "counts": True},
        ],
        "invoices": [
            {"invoice_id": "in1", "customer_id": "cus", "subscription_id": "s1", "created_on": dt.date(2026, 9, 1), "total_minor": 108_000, "currency": "USD"},
            {"invoice_id": "in2", "customer_id": "cus", "subscription_id": "s1", "created_on": dt.date(2026, 10, 1), "total_minor": 108_000, "currency": "USD"},
        ],
    }  # fmt: skip
    return {name: table(name, rows.get(name, usual.get(name, []))) for name in READ}


def found(tables, **policy):
    events = billing_events(lambda name: tables[name].lazy(), as_of=AS_OF, policy=build_policy(policy))
    rows = approvals(events, journal.decisions_frame([])).rows
    return TABLES["approvals"].conform(rows)


def discount(**more):
    usual = {"owner_id": "s1", "owner": "subscription", "position": 1, "discount_id": "di_1", "coupon_id": "TEN"}
    return {**usual, "duration": "forever", "percent_off": 10.0, "start_on": dt.date(2026, 9, 15), **more}


def credit(**more):
    usual = {"credit_note_id": "cn_1", "invoice_id": "in1", "customer_id": "cus", "status": "issued", "currency": "USD"}
    return {**usual, "total_minor": 8_000, "created_on": dt.date(2026, 9, 20), **more}


def item(**more):
    usual = {"line_id": "il_1", "invoice_id": "in1", "kind": "invoiceitem", "amount_minor": -5_000, "currency": "USD"}
    return {**usual, "is_proration": False, **more}


def contract(name="o1", mrr=100_000, months=12, **more):
    usual = {
        "opportunity_id": name,
        "account_id": "acc",
        "account_id_as_given": "acc",
        "is_won": True,
        "currency": "USD",
    }
    values = {"term_mrr_minor": mrr, "term_mrr_reporting_minor": mrr, "term_months": months}
    return {**usual, **values, "close_on": dt.date(2026, 9, 1), "start_on": dt.date(2026, 9, 1), **more}


@pytest.mark.parametrize("owner", [("subscription", "s1"), ("item", "si1"), ("customer", "cus")])
def test_a_discount_given_by_hand_waits_wherever_it_was_put(owner):
    row = found(books(discounts=[discount(owner=owner[0], owner_id=owner[1])])).row(0, named=True)
    assert (row["event_id"], row["kind"], row["status"], row["account_name"]) == (
        "di_1",
        "manual_discount",
        "waiting",
        "Acme",
    )
    assert (row["original_minor"], row["new_minor"], row["difference_minor"]) == (120_000, 108_000, -12_000)
    assert (row["subscription_ids"], row["invoice_ids"]) == (["s1"], ["in2"]), "what it touches downstream"
    assert row["terms"] == f"Discount of 10 % (forever) by coupon TEN on {owner[1]} from 2026-09-15."


EVENTS = [
    ("a discount that was sold", {"discounts": [discount()], "contracts": [contract(discount_pct=10.0)]}, []),
    ("a discount that was sold lower", {"discounts": [discount()], "contracts": [contract(discount_pct=5.0)]}, ["di_1"]),
    ("a discount by a promotion code", {"discounts": [discount(promotion_code_id="promo_1")]}, []),
    ("a discount of long ago", {"discounts": [discount(start_on=dt.date(2025, 10, 31))]}, []),
    ("a discount of a year ago", {"discounts": [discount(start_on=dt.date(2025, 11, 1))]}, ["di_1"]),
    ("a credit note", {"credit_notes": [credit()]}, ["cn_1"]),
    ("one of the day of its invoice", {"credit_notes": [credit(created_on=dt.date(2026, 9, 1))]}, []),
    ("one that was voided", {"credit_notes": [credit(voided_on=dt.date(2026, 9, 21))]}, []),
    ("an item below zero", {"invoice_lines": [item()]}, ["in1/il_1"]),
    ("one that a change of plan made", {"invoice_lines": [item(is_proration=True)]}, []),
    ("an item above zero", {"invoice_lines": [item(amount_minor=5_000)]}, []),
    ("a line of a subscription below zero", {"invoice_lines": [item(kind="subscription")]}, []),
    ("an item of an invoice that is not there", {"invoice_lines": [item(invoice_id="in9")]}, []),
    ("an amendment of 12,000.00", {"contracts": [contract(), contract("o2", 100_000, amends_id="o1")]}, ["o2"]),
    ("one of 1,000.00", {"contracts": [contract(), contract("o2", 10_000, 10, amends_id="o1")]}, []),
    ("one of a cent more", {"contracts": [contract(), contract("o2", 100_001, 1, amends_id="o1")]}, ["o2"]),
    ("one of 12,000.00 less", {"contracts": [contract(), contract("o2", -100_000, amends_id="o1")]}, ["o2"]),
    ("one not won", {"contracts": [contract(), contract("o2", amends_id="o1", is_won=False)]}, []),
    ("one without a rate", {"contracts": [contract(), contract("o2", 1, amends_id="o1", term_mrr_reporting_minor=None)]}, ["o2"]),
    ("a renewal", {"contracts": [contract(), contract("o2", prior_id="o1")]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_what_needs_an_approval(rows, expected):
    assert found(books(**rows))["event_id"].to_list() == expected


@pytest.mark.parametrize(
    ("amendments", "new", "difference"), [("delta", 1_800_000, 600_000), ("restate", 600_000, -600_000)]
)
def test_an_amendment_tells_original_and_new_value_over_its_term(amendments, new, difference):
    amendment = contract("o2", 50_000, amends_id="o1", owner_name="Priya", stripe_subscription_id="s1")
    row = found(books(contracts=[contract(), amendment]), amendments=amendments).row(0, named=True)
    assert (row["original_minor"], row["new_minor"], row["difference_minor"]) == (1_200_000, new, difference)
    assert (row["by"], row["opportunity_ids"], row["subscription_ids"]) == ("Priya", ["o1", "o2"], ["s1"])
    assert row["invoice_ids"] == ["in1", "in2"]


def test_a_credit_note_tells_what_was_billed_before_and_after_it():
    row = found(books(credit_notes=[credit()])).row(0, named=True)
    assert (row["original_minor"], row["new_minor"], row["difference_minor"]) == (108_000, 100_000, -8_000)
    assert row["invoice_ids"] == ["in1", "in2"]
    assert row["terms"].startswith("Credit note of 80.00 USD on invoice in1, 19 days after it")


def test_an_item_below_zero_tells_what_its_invoice_would_have_billed():
    row = found(books(invoice_lines=[item()])).row(0, named=True)
    assert (row["original_minor"], row["new_minor"], row["difference_minor"]) == (113_000, 108_000, -5_000)
    assert (row["subscription_ids"], row["invoice_ids"]) == (["s1"], ["in1", "in2"])
    assert row["terms"] == "Credit of 50.00 USD as an item of invoice in1."


@pytest.mark.parametrize("status", ["void", "draft"])
def test_an_item_of_an_invoice_without_effect_is_no_credit(status):
    tables = books(invoice_lines=[item()])
    tables["invoices"] = tables["invoices"].with_columns(status=pl.lit(status))
    assert found(tables).is_empty()


def decided(folder, tables, decision, now=None):
    policy = build_policy({})
    before = billing_events(lambda name: tables[name].lazy(), as_of=AS_OF, policy=policy)
    current = journal.event_evidence(before).row(0, named=True)
    made = decisions.with_evidence(
        decisions.entry(journal.EventSubject(event_id=current["event_id"]), decision), current
    )
    later = now or tables
    events = billing_events(lambda name: later[name].lazy(), as_of=AS_OF, policy=policy)
    done = approvals(events, decisions.frame_of(folder, made))
    TABLES["decisions"].conform(done.decisions.with_columns(room=pl.lit("close")))
    return TABLES["approvals"].conform(done.rows).row(0, named=True), done.decisions["status"].to_list()


@pytest.mark.parametrize(("decision", "status"), [("approve", "approved"), ("decline", "declined")])
def test_a_decision_gives_an_event_its_status(tmp_path, decision, status):
    row, statuses = decided(tmp_path, books(credit_notes=[credit()]), decision)
    assert (row["status"], row["decided_by"], row["decided_on"]) == (status, "Ann Lee", dt.date(2026, 11, 3))
    assert row["note"] == f"{status.capitalize()} by Ann Lee on 2026-11-03 (decision 1): asked the owner."
    assert statuses == ["applied"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"credit_notes": [credit()]}, {"credit_notes": [credit(total_minor=9_000)]}),
        ({"discounts": [discount()]}, {"discounts": [discount(percent_off=20.0)]}),
        ({"contracts": [contract(), contract("o2", amends_id="o1")]}, {"contracts": [contract(), contract("o2", 110_000, amends_id="o1")]}),
    ],
)  # fmt: skip
def test_an_approval_lapses_when_the_event_changes(tmp_path, before, after):
    row, statuses = decided(tmp_path, books(**before), "approve", books(**after))
    assert (row["status"], row["decided_by"], statuses) == ("waiting", None, ["lapsed"])
    assert "Decision 1 (approve by Ann Lee): Lapsed, not applied" in row["note"]


def test_more_seats_do_not_reopen_an_approved_discount(tmp_path):
    before = books(discounts=[discount()])
    grown = before | {"mrr_worksheet": before["mrr_worksheet"].with_columns(pl.col("gross_monthly") * 2)}
    row, statuses = decided(tmp_path, before, "approve", grown)
    assert (row["status"], statuses) == ("approved", ["applied"])


def test_an_event_is_approved_or_declined_and_nothing_else():
    with pytest.raises(ValueError, match="event cannot be decided 'accept'; it can be approve, decline"):
        decisions.entry(journal.EventSubject(event_id="cn_1"), "accept")
