"""The money page: what a reader sees first, what opens below a gap, and what explaining an id says."""

from __future__ import annotations

import dataclasses
import re

import polars as pl
import pytest

from recon_kit import gaps, tables
from recon_kit.gaps import find_gaps
from recon_kit.gaps.decided import STATES
from recon_kit.gaps.families.seeds import FAMILIES
from recon_kit.gaps.verdicts import CAUSES
from recon_kit.policy import FIELD_OWNERS, Policy
from recon_kit.schemas import TABLES
from tests.hand_made import AS_OF, table
from tests.sold_and_billed import company, found_in
from tests.spec.test_gaps import worksheet

FIVE = "; ".join(f"o{number} {number},000 2026-03-0{number}..2027-02-28" for number in range(1, 8))


def reader(books, **more):
    """Gives the tables of a drawn company and of its findings; others are empty."""
    known = books | found_in(books).tables | more
    return lambda name: known.get(name, TABLES[name].empty()).lazy()


def test_every_code_of_a_gap_has_a_plain_word():
    codes = {"family": FAMILIES, "cause": CAUSES, "state": ["in_window", "timing", "open", *STATES.values()]}
    for column, known in codes.items():
        told = [tables.term(column, code) for code in known]
        assert not [word for word in told if "_" in word]
        assert len(set(told)) == len(told), f"two codes of {column} read alike"


def test_the_first_figures_are_totals_difference_gaps_and_money_at_stake():
    found = found_in(company("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01"))
    assert gaps.key_figures(found, Policy()).text.splitlines() == [
        "Salesforce MRR: 1,400.00 USD (contracts in force)",
        "Stripe MRR: 1,200.00 USD (subscriptions that bill)",
        "Difference a month: 200.00 USD (Salesforce shows more)",
        "Open gaps: 1 (1 of them material)",
        "At stake so far: 1,600.00 USD (the oldest since 1 March 2026)",
    ]
    told = gaps.money_sentence(found, Policy()).text
    assert "200.00 USD a month is in Salesforce and not billed in Stripe, 0.00 USD a month is billed" in told
    assert "“Unexplained” with 1,600.00 USD, 100 % of all that is at stake" in told


def test_the_aggregate_drift_says_whether_the_policy_lets_it_pass():
    found = found_in(company("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01"))
    told = gaps.drift_sentence(found, Policy()).text
    assert told.startswith("✗ Aggregate drift: all open gaps come to 200.00 USD a month")
    assert "14.3 % of total MRR, more than the 1 % (14.00 USD)" in told
    agreeing = found_in(company("o1 1,400 2026-03-01..2027-02-28", "s1 1,400 2026-03-01"))
    assert "✓ Aggregate drift: all open gaps come to 0.00 USD" in gaps.drift_sentence(agreeing, Policy()).text


def test_what_to_do_first_is_the_five_material_gaps_with_most_at_stake():
    found = found_in(company(FIVE, ""))
    panel = gaps.do_first(found, Policy())
    rows = re.findall(r'<tr class="rk-row">(.*?)</tr>', panel.html)
    assert len(rows) == 5
    assert ["“Deal o7”" in rows[0], "“Deal o3”" in rows[4]] == [True, True]
    assert "of 7 material gaps that are open" in panel.html
    assert "Stripe: set up a subscription of 7,000.00 USD a month" in rows[0]
    assert "Billing" in rows[0]


def test_nothing_is_first_where_nothing_is_open():
    found = found_in(company("o1 1,400 2026-03-01..2027-02-28", "s1 1,400 2026-03-01"))
    assert gaps.do_first(found, Policy()).text == "Do first: Nothing: no material gap is open."
    assert "No gap is open among those counted here" in gaps.money_sentence(found, Policy()).text
    assert "nothing is open" in gaps.key_figures(found, Policy()).text


def test_money_of_another_currency_is_named_and_in_no_total():
    found = found_in(company("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01"))
    foreign = found.gaps.with_columns(currency=pl.lit("XOF"), gap_id=pl.lit("gap_of_another_currency"))
    both = dataclasses.replace(found, gaps=pl.concat([found.gaps, foreign]))
    assert "Open gaps: 1 (" in gaps.key_figures(both, Policy()).text
    assert "1 in a currency without an exchange rate" in gaps.money_sentence(both, Policy()).text
    assert "1 in a currency" not in gaps.money_sentence(found, Policy()).text


def test_a_gap_opens_on_what_each_system_knows():
    books = company("o1 1,400 2026-03-01..2027-02-28; o2 50 2025-01-01..2025-12-31", "s1 1,200 2026-03-01")
    found = found_in(books)
    read = reader(books)
    of_pair = found.gaps.filter(family="amount_mismatch")
    known = gaps.known_contracts(of_pair, read)
    assert known.select("opportunity_id", "mrr_minor", "opportunity").rows() == [("o1", 140_000, "Deal o1")]
    assert gaps.known_subscriptions(of_pair, read).select("subscription_id", "status", "mrr_minor").rows() == [
        ("s1", "active", 120_000)
    ]
    opened = tables.show(
        found.gaps, title="T", columns=["account_name"], details=gaps.details(found.gaps, found.gap_components, read),
        key="gap_id", labels=gaps.LABELS,
    ).html  # fmt: skip
    headings = [
        "What is wrong",
        "What to do",
        "What Salesforce knows",
        "What Stripe knows",
        "What the difference is made of",
    ]
    assert sorted(headings, key=opened.index) == headings


def test_each_field_has_one_owner():
    assert gaps.field_owners().select("fields", "system").rows() == [
        (fields, {"salesforce": "Salesforce", "stripe": "Stripe", "ledger": "Ledger"}[owner])
        for fields, owner in FIELD_OWNERS.items()
    ]


DOCUMENTS = {
    "invoices": [{"invoice_id": "in_1", "customer_id": "cus", "subscription_id": "s1", "status": "paid", "currency": "USD",
                  "total_minor": 120_000, "created_on": "2026-10-01"}],
    "charges": [{"charge_id": "ch_1", "customer_id": "cus", "invoice_id": "in_1", "status": "succeeded", "currency": "USD",
                 "amount_minor": 120_000, "created_on": "2026-10-01"}],
    "refunds": [{"refund_id": "re_1", "charge_id": "ch_1", "status": "succeeded", "currency": "USD", "amount_minor": 100,
                 "created_on": "2026-10-02", "reason": "duplicate"}],
    "credit_notes": [{"credit_note_id": "cn_1", "invoice_id": "in_1", "customer_id": "cus", "status": "void",
                      "currency": "USD", "total_minor": 100, "created_on": "2026-10-02"}],
    "events": [{"event_id": "evt_1", "type": "customer.subscription.updated", "object_id": "s1", "changed": ["items"],
                "object_type": "subscription", "created_on": "2026-10-02"}],
    "contract_lines": [{"line_id": "00k1", "opportunity_id": "o1", "product": "Platform", "currency": "USD"}],
    "subscription_items": [{"item_id": "si_1", "subscription_id": "s1", "product": "Platform", "currency": "USD"}],
}  # fmt: skip


@pytest.mark.parametrize("record", ["in_1", "ch_1", "re_1", "cn_1", "evt_1", "00k1", "si_1", " s1 "])
def test_a_document_leads_to_the_gap_of_its_record(record):
    rows = {name: table(name, given) for name, given in DOCUMENTS.items()}
    books = company("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01", mrr_worksheet=worksheet(120_000)) | rows
    told = gaps.explain(record, reader(books))
    assert record.strip() in told[0]
    assert any(sentence.startswith("Gap gap_") for sentence in told)


def test_a_pair_is_explained_by_its_contract():
    books = company("o1 1,400 2026-03-01..2027-02-28", "s1 1,400 2026-03-01")
    pair = found_in(books).pairs["pair_id"].item()
    told = gaps.explain(pair, reader(books))
    assert told[0] == f"Pair {pair} is reconciled: o1 against s1."
    assert told[1].startswith("Opportunity o1")


def test_a_record_left_out_is_told_with_its_reason():
    books = company("o1 1,400 2026-03-01..2027-02-28", "s1 1,400 2026-03-01")
    quarantined = [
        {"source": "stripe", "object": "subscriptions", "key": "sub_x", "reason": "no currency", "raw": "{}"}
    ]
    excluded = [{"source": "stripe", "object": "charges", "key": "ch_x", "reason": "other_mode"}]
    read = reader(books, quarantine=table("quarantine", quarantined), excluded=table("excluded", excluded))
    assert gaps.explain("sub_x", read) == ["sub_x (subscriptions) is in quarantine and in no figure: no currency"]
    assert "Stripe's other mode" in gaps.explain("ch_x", read)[0]
    assert gaps.explain("sub_y", read) == []


def test_an_unknown_id_is_answered_in_words():
    books = company("o1 1,400 2026-03-01..2027-02-28", "s1 1,400 2026-03-01")
    assert "No record of this close has this id" in gaps.explained("nobody", reader(books)).text
    assert "Set the parameter explain" in gaps.explained(None, reader(books)).text


def test_no_sentence_of_an_explanation_shows_a_code():
    books = company("o1 1,400 2026-03-01..2027-02-28; o2 200 2026-08-01..2027-07-31", "s1 1,200 2026-03-01")
    found = find_gaps(lambda name: books[name].lazy(), as_of=AS_OF, policy=Policy())
    said = [sentence for gap_id in found.gaps["gap_id"] for sentence in gaps.explain(gap_id, reader(books))]
    codes = [code for code in (*FAMILIES, *CAUSES, "in_window", "under_billed") if "_" in code]
    assert not [sentence for sentence in said if any(code in sentence for code in codes)]
