"""Proposed corrections: what was accepted, loaded into Salesforce, is gone from the next close; the rest is to do by hand.

Each drawn company is one case. They are closed together three times: as found, after everything was accepted, and after
the files for Data Loader were loaded into the raw files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from recon_kit.run import open_run
from recon_kit.runner.corrections import write_corrections
from tests.corrected import accept, closed, load, loads, rows, worklist
from tests.raw_company import Snapshot
from tests.whole_close import table

YEAR = "2026-03-01..2027-02-28"
FROM_MARCH, GROWN = "2026-03-01", "then=1,250@2026-05-17"


class Company(NamedTuple):
    """One case: what was sold and billed, and further rows."""

    sold: str
    billed: str
    account: str = ""
    rows: Mapping[str, list[dict[str, str]]] = MappingProxyType({})


def item(key: str, total: str, **more: str) -> dict[str, str]:
    given = {"Id": f"{key}n#", "OpportunityId": "on#", "Name": key, "TotalPrice": total, "Quantity": "1"}
    return {**given, "CurrencyIsoCode": "USD", "Revenue_Type__c": "recurring", **more}


EXPANSIONS = {
    "monthly": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} {GROWN}"),
    "annual": Company(f"o 12,000 {YEAR} basis=annual", f"s 1,000 {FROM_MARCH} {GROWN}"),
    "total of the dates": Company(f"o 12,000 {YEAR} basis=total", f"s 1,000 {FROM_MARCH} {GROWN}"),
    "total of odd dates": Company("o 10,200 2026-03-10..2027-01-15 basis=total", f"s 1,000 2026-03-10 {GROWN}"),
    "total of a stated term": Company(
        f"o 24,000 {YEAR} basis=total Contract_Term_Months__c=24", f"s 1,000 {FROM_MARCH} {GROWN}"
    ),
    "total without term": Company("o 12,000 2026-03-01.. basis=total", f"s 1,000 {FROM_MARCH} {GROWN}"),
    "smaller": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} then=800@2026-05-17"),
    "a discount that ended": Company(
        f"o 9,600 {YEAR} basis=total Discount_Percent__c=20 Discount_End_Date__c=2026-04-30",
        f"s 1,000 {FROM_MARCH} then=1,333@2026-06-11",
    ),
    "euros both": Company(
        f"o 1,000 {YEAR} CurrencyIsoCode=EUR", f"s 1,000 {FROM_MARCH} currency=eur then=1,250.55@2026-05-17"
    ),
    "another basis": Company(f"o 12,000 {YEAR}", f"s 1,000 {FROM_MARCH} names=on#"),
    "one line item": Company(
        f"o 17,000 {YEAR} basis=total", f"s 1,000 {FROM_MARCH} {GROWN}",
        rows={"OpportunityLineItem": [item("Seats", "12000.00"), item("Setup", "5000.00", Revenue_Type__c="one_time")]},
    ),
    "one line item of its own dates": Company(
        f"o 10,000 {YEAR} basis=total", f"s 1,000 {FROM_MARCH} {GROWN}",
        rows={"OpportunityLineItem": [
            item("Seats", "10000.00", Start_Date__c="2026-03-01", End_Date__c="2026-12-31")
        ]},
    ),
}  # fmt: skip
RESTATED = {"dollars sold, euros billed": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} currency=eur")}
ENDED = {
    "all that it had": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} ended=2026-07-01"),
    "a payment failed": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} ended=2026-07-01"),
    "a total of the dates": Company(f"o 12,000 {YEAR} basis=total", f"s 1,000 {FROM_MARCH} ended=2026-07-01"),
    "a total of a term": Company(
        "o 12,000 2026-03-01.. basis=total Contract_Term_Months__c=12", f"s 1,000 {FROM_MARCH} ended=2026-07-01"
    ),
    "one of two contracts": Company(
        f"o 1,000 {YEAR}; p 300 {YEAR} Stripe_Subscription_ID__c=tn#",
        f"s 1,000 {FROM_MARCH} ended=2026-07-01; t 300 {FROM_MARCH}",
    ),
    "line items": Company(
        f"o 17,000 {YEAR} basis=total; p 300 {YEAR} Stripe_Subscription_ID__c=tn#",
        f"s 1,000 {FROM_MARCH} ended=2026-07-01; t 300 {FROM_MARCH}",
        rows={"OpportunityLineItem": [item("Seats", "12000.00"), item("Setup", "5000.00", Revenue_Type__c="one_time")]},
    ),
}  # fmt: skip
BY_HAND = {
    "never billed": Company(f"o 1,000 {YEAR}", ""),
    "never billed, in euros": Company(f"o 1,000 {YEAR} CurrencyIsoCode=EUR", ""),
    "not sold": Company("", f"s 700 {FROM_MARCH}"),
    "left": Company(
        f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH}", "Customer_Status__c=cancelled Churn_Date__c=2026-06-30"
    ),
    "one more": Company(f"o 1,000 {YEAR} Stripe_Subscription_ID__c=sn#", f"s 1,000 {FROM_MARCH}; t 450 2026-06-01"),
    "a coupon": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} coupon=150@2026-06-15"),
    "a late start": Company(f"o 1,000 {YEAR}", "s 1,000 2026-03-15"),
    "past the end": Company("o 1,000 2025-03-01..2026-02-28", "s 1,000 2025-03-01"),
    "no reason": Company(f"o 1,000 {YEAR}", f"s 900 {FROM_MARCH}"),
    "two line items": Company(
        f"o 12,000 {YEAR} basis=total", f"s 1,000 {FROM_MARCH} {GROWN}",
        rows={"OpportunityLineItem": [item("Seats", "7200.00"), item("Support", "4800.00")]},
    ),
    "products unknown": Company(
        f"o 1,000 {YEAR} HasOpportunityLineItem=true", f"s 1,000 {FROM_MARCH} {GROWN}"
    ),
    "two contracts": Company(
        f"o 600 {YEAR} Stripe_Subscription_ID__c=sn#; p 400 {YEAR} Stripe_Subscription_ID__c=sn#",
        f"s 1,000 {FROM_MARCH} {GROWN}",
    ),
}  # fmt: skip
IN_PART = {
    "an expansion and a coupon": Company(f"o 1,000 {YEAR}", f"s 1,000 {FROM_MARCH} {GROWN} coupon=110@2026-06-15")
}
CASES = {**EXPANSIONS, **RESTATED, **ENDED, **BY_HAND, **IN_PART}
NUMBERS = {name: str(number) for number, name in enumerate(CASES, 101)}


def company(folder: Path) -> Path:
    snapshot = Snapshot()
    snapshot.row("Account", Id="A0", Name="Left long ago", Customer_Status__c="cancelled", Churn_Date__c="2024-01-31")
    for name, case in CASES.items():
        snapshot.add(int(NUMBERS[name]), case.sold, case.billed, case.account, **case.rows)
    failed = f"sn{NUMBERS['a payment failed']}"
    for subscription in snapshot.stripe["subscriptions"]:
        if subscription["id"] == failed:
            subscription["cancellation_details"] = {"reason": "payment_failed"}
    invoices = [one for one in snapshot.stripe["invoices"] if one["id"].startswith(f"in_{failed}_")]
    invoices[-1].update(
        status="open", amount_paid=0, amount_remaining=100000, attempt_count=4,
        status_transitions={"finalized_at": invoices[-1]["created"], "paid_at": None},
    )  # fmt: skip
    return snapshot.write(folder)


class Months(NamedTuple):
    """The closes, and the raw files they are made from."""

    raw: Path
    found: Path
    accepted: Path
    loaded: Path


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Months:
    folder = tmp_path_factory.mktemp("corrections")
    raw = company(folder / "raw")
    found = closed(folder, raw).rename(folder / "found")
    accept(folder, found)
    accepted = closed(folder, raw).rename(folder / "accepted")
    assert load(accepted, raw)
    return Months(raw, found, accepted, closed(folder, raw))


def gaps_of(close: Path, name: str) -> list[dict[str, object]]:
    account = f"A{NUMBERS[name]}"
    return table(close, "gaps").filter(account_id=account).to_dicts()


def files_of(close: Path, name: str) -> dict[str, dict[str, str]]:
    """What the files set on the records of one case: by record."""
    number = NUMBERS[name]
    found: dict[str, dict[str, str]] = {}
    for records in loads(close).values():
        for key, fields in records.items():
            if key.endswith(f"n{number}") or key == f"A{number}":
                found.setdefault(key.removesuffix(number), {}).update(fields)
    return found


def test_nothing_is_proposed_before_anybody_has_decided(months: Months) -> None:
    assert loads(months.found) == {}
    assert [worklist(months.found, system) for system in ("stripe", "salesforce", "finance")] == [[], [], []]
    assert "0 accepted gaps, 0 confirmed links" in (months.found / "corrections" / "README.md").read_text()


@pytest.mark.parametrize("name", [*EXPANSIONS, *RESTATED, *ENDED])
def test_what_the_files_correct_is_gone_from_the_next_close(months: Months, name: str) -> None:
    assert gaps_of(months.found, name), "the case has a gap to begin with"
    assert {gap["state"] for gap in gaps_of(months.accepted, name)} == {"accepted"}
    assert gaps_of(months.loaded, name) == []
    assert files_of(months.loaded, name) == {}


SET = {
    # case                              record     fields
    "monthly":                          {"on": {"Amount": "1250.00"}},
    "annual":                           {"on": {"Amount": "15000.00"}},
    "total of the dates":               {"on": {"Amount": "15000.00"}},
    "total of a stated term":           {"on": {"Amount": "30000.00"}},
    "total without term":               {"on": {"Amount": "15000.00"}},
    "smaller":                          {"on": {"Amount": "800.00"}},
    "a discount that ended":            {"on": {"Amount": "12796.80"}},
    "euros both":                       {"on": {"Amount": "1250.55"}},
    "another basis":                    {"on": {"Amount": "1000.00"}},
    "one line item":                    {"Seatsn": {"TotalPrice": "15000.00"}},
    "one line item of its own dates":   {"Seatsn": {"TotalPrice": "12500.00"}},
    "dollars sold, euros billed":       {"on": {"Amount": "1000.00", "CurrencyIsoCode": "EUR"}},
    "all that it had":                  {"on": {"Contract_End_Date__c": "2026-06-30"},
                                         "A": {"Customer_Status__c": "cancelled", "Churn_Date__c": "2026-07-01"}},
    "a total of the dates":             {"on": {"Contract_End_Date__c": "2026-06-30", "Amount": "4000.00"},
                                         "A": {"Customer_Status__c": "cancelled", "Churn_Date__c": "2026-07-01"}},
    "a total of a term":                {"on": {"Contract_End_Date__c": "2026-06-30"},
                                         "A": {"Customer_Status__c": "cancelled", "Churn_Date__c": "2026-07-01"}},
    "one of two contracts":             {"on": {"Contract_End_Date__c": "2026-06-30"}},
    "line items":                       {"on": {"Contract_End_Date__c": "2026-06-30"},
                                         "Seatsn": {"TotalPrice": "4000.00"}},
}  # fmt: skip


@pytest.mark.parametrize("name", SET)
def test_what_is_set(months: Months, name: str) -> None:
    found = files_of(months.accepted, name)
    for record in found.values():
        record.pop("Stripe_Subscription_ID__c", None)
    assert {key: fields for key, fields in found.items() if fields} == SET[name]


def test_a_contract_reads_exactly_what_stripe_bills(months: Months) -> None:
    """Not only within the tolerance: to the cent, whatever basis and term the amount is read by."""
    contracts, subscriptions = table(months.loaded, "contracts"), table(months.loaded, "subscriptions")
    sold = dict(contracts.select("opportunity_id", "mrr_minor").iter_rows())
    billed = dict(subscriptions.select("subscription_id", "mrr_minor").iter_rows())
    names = [*EXPANSIONS, *RESTATED]
    assert [sold[f"on{NUMBERS[name]}"] for name in names] == [billed[f"sn{NUMBERS[name]}"] for name in names]


def test_what_was_sold_until_an_end_is_worth_what_it_was(months: Months) -> None:
    before, after = (dict(table(close, "contracts").select("opportunity_id", "term_mrr_minor").iter_rows())
                     for close in (months.accepted, months.loaded))  # fmt: skip
    ended = [f"on{NUMBERS[name]}" for name in ENDED]
    assert [before[key] for key in ended] == [after[key] for key in ended] == [100_000] * len(ended)


HAND = {
    # case            system        action                what its sentence says
    "never billed":   ("stripe",     "start_billing",      "set up a subscription of 1,000.00 USD a month"),
    "not sold":       ("salesforce", "create_opportunity", "create an opportunity of 700.00 USD a month"),
    "left":           ("stripe",     "cancel",             "cancel sn"),
    "one more":       ("salesforce", "create_opportunity", "record an expansion of 450.00 USD a month"),
    "a coupon":       ("stripe",     "change_discount",    "remove the coupon"),
    "a late start":   ("stripe",     "bill_period",        "14 days from 1 March 2026"),
    "past the end":   ("stripe",     "cancel",             "unless the renewal"),
    "no reason":      ("finance",    "decide",             "has no explanation in the data"),
    "two line items": ("salesforce", "amend_contract",     "By hand, since the contract has several recurring line items."),
    "products unknown": ("salesforce", "amend_contract", "is the sum of products that the files do not have"),
    "two contracts":  ("salesforce", "amend_contract",     "By hand, since several contracts share the difference."),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND)
def test_what_is_to_do_by_hand(months: Months, name: str) -> None:
    system, action, words = HAND[name]
    (gap,) = gaps_of(months.accepted, name)
    (row,) = [row for row in worklist(months.accepted, system) if row["decided_on"] == gap["gap_id"]]
    assert row["action"] == action
    assert words in row["sentence"]
    assert (row["decided_by"], row["reason"]) == ("Ann Lee", "'=agreed with sales")
    still = gaps_of(months.loaded, name)
    assert [one["gap_id"] for one in still] == [gap["gap_id"]], "a file changed something else of this company"


def test_each_system_gets_its_part_of_a_gap(months: Months) -> None:
    name = "an expansion and a coupon"
    (gap,) = gaps_of(months.accepted, name)
    (still,) = gaps_of(months.loaded, name)
    assert files_of(months.accepted, name)["on"]["Amount"] == "1250.00"
    assert (gap["difference_minor"], still["difference_minor"]) == (-14_000, 11_000)
    (row,) = [row for row in worklist(months.accepted, "stripe") if row["decided_on"] == gap["gap_id"]]
    assert (row["action"], row["monthly_amount"], row["currency"]) == ("change_discount", "110.00", "USD")


def test_nothing_accepted_is_lost(months: Months) -> None:
    folder = months.accepted / "corrections"
    accepted = set(table(months.accepted, "gaps").filter(state="accepted")["gap_id"])
    changed = {row["decided_on"] for row in rows(folder / "proposed_changes.csv")}
    to_do = {
        row["decided_on"] for system in ("stripe", "salesforce", "finance") for row in worklist(months.accepted, system)
    }
    assert len(accepted) >= len(CASES)
    assert changed | to_do == accepted
    assert f"{len(accepted)} accepted gaps" in (folder / "README.md").read_text()


def test_an_invoice_left_open_is_to_settle(months: Months) -> None:
    (row,) = [row for row in worklist(months.accepted, "stripe") if row["action"] == "settle_invoice"]
    assert (row["monthly_amount"], row["at_stake"], row["at_stake_currency"]) == ("", "1000.00", "USD")
    assert f"of sn{NUMBERS['a payment failed']} ended and is still open" in row["sentence"]


def test_amounts_to_do_stand_in_the_records_own_currency(months: Months) -> None:
    (gap,) = gaps_of(months.accepted, "never billed, in euros")
    (row,) = [row for row in worklist(months.accepted, "stripe") if row["decided_on"] == gap["gap_id"]]
    assert (gap["difference_minor"], gap["currency"]) == (120_000, "USD")
    assert (row["monthly_amount"], row["currency"], row["on"]) == ("1000.00", "EUR", "2026-03-01")


def test_a_date_is_about_no_monthly_amount_but_money_is_at_stake(months: Months) -> None:
    (gap,) = gaps_of(months.accepted, "a late start")
    (row,) = [row for row in worklist(months.accepted, "stripe") if row["decided_on"] == gap["gap_id"]]
    assert (row["monthly_amount"], row["currency"]) == ("", "")
    assert (row["at_stake"], row["at_stake_currency"]) == ("451.61", "USD")


def test_the_same_close_gives_the_same_bytes(months: Months) -> None:
    folder = months.accepted / "corrections"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    (folder / "left over.csv").write_text("of an attempt before")
    write_corrections(open_run("close", params=str(months.raw.parent / "params.yaml"), close_dir=str(months.accepted)))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_file_says_each_field_once_and_nothing_that_is_so_already(months: Months) -> None:
    changes = rows(months.accepted / "corrections" / "proposed_changes.csv")
    assert all(row["before"] != row["after"] for row in changes)
    cells = [
        (name, key, field)
        for name, records in loads(months.accepted).items()
        for key, row in records.items()
        for field in row
    ]
    places = {(row["object"], row["Id"], row["field"]) for row in changes}
    assert len(cells) == len(places)
