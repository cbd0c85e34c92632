"""Which contracts are in force, as drawn tables: each row is one account on 31 October 2026."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl
import pytest

from recon_kit.normalise.mrr.effective import mark_effective
from recon_kit.policy import build_policy
from tests.mrr_records import AS_OF, table, value_selling

DAY = r"\d{4}-\d{2}-\d{2}"

# A contract is drawn as id: kind, monthly amount, first to last day, subscription it is tied to, what it amends.
DRAWN = """
| case                                            | policy  | churned on | contracts                                                                                                      | in force | MRR    |
|-------------------------------------------------|---------|------------|----------------------------------------------------------------------------------------------------------------|----------|--------|
| one contract                                    | delta   |            | A: new 100 2026-01-01 to 2026-12-31                                                                            | A        | 100.00 |
| a lost opportunity                              | delta   |            | A: lost 100 2026-01-01 to 2026-12-31                                                                           |          | 0.00   |
| churned the day after                           | delta   | 2026-11-01 | A: new 100 2026-01-01 to 2026-12-31                                                                            | A        | 100.00 |
| churned on the day                              | delta   | 2026-10-31 | A: new 100 2026-01-01 to 2026-12-31                                                                            |          | 0.00   |
| churned long ago                                | delta   | 2026-03-31 | A: new 100 2026-01-01 to 2026-12-31                                                                            |          | 0.00   |
| a renewal begins the day after the end          | delta   |            | A: new 100 2025-11-01 to 2026-10-31; B: renewal 120 2026-11-01 to 2027-10-31                                   | A        | 100.00 |
| a renewal has begun the day after the end       | delta   |            | A: new 100 2025-10-31 to 2026-10-30; B: renewal 120 2026-10-31 to 2027-10-30                                   | B        | 120.00 |
| an early renewal takes over on its start        | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: renewal 120 2026-10-31 to 2027-10-30                                   | B        | 120.00 |
| an early renewal, the day before                | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: renewal 120 2026-11-01 to 2027-10-31                                   | A        | 100.00 |
| a renewal after a gap                           | delta   |            | A: new 100 2025-01-01 to 2025-12-31; B: renewal 120 2026-03-01 to 2027-02-28                                   | B        | 120.00 |
| a renewal that ends the same day                | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: renewal 120 2026-07-01 to 2026-12-31                                   | B        | 120.00 |
| a contract that outlasts the renewal stays      | delta   |            | A: new 100 2026-01-01 to 2027-12-31; B: renewal 120 2026-07-01 to 2027-06-30                                   | A B      | 220.00 |
| an evergreen outlasts a renewal with an end     | delta   |            | A: new 100 2026-01-01 to open; B: renewal 120 2026-07-01 to 2027-06-30                                         | A B      | 220.00 |
| an evergreen renewal outlasts everything        | delta   |            | A: new 100 2026-01-01 to open; B: renewal 120 2026-07-01 to open                                               | B        | 120.00 |
| a lost renewal takes nothing over               | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: lost-renewal 120 2026-07-01 to 2027-06-30                              | A        | 100.00 |
| a renewal replaces the expansion too            | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 50 2026-04-01 to 2026-12-31; C: renewal 160 2026-10-01 to 2027-09-30 | C | 160.00 |
| an expansion after the renewal adds             | delta   |            | A: new 100 2026-01-01 to 2026-12-31; C: renewal 160 2026-08-01 to 2027-07-31; D: expansion 50 2026-09-01 to 2026-12-31 | C D | 210.00 |
| a renewal of a renewal                          | delta   |            | A: new 1 2024-01-01 to 2026-12-31; B: renewal 2 2025-01-01 to 2026-12-31; C: renewal 4 2026-01-01 to 2026-12-31 | C       | 4.00   |
| an expansion adds                               | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 50 2026-04-01 to 2026-12-31                                  | A B      | 150.00 |
| a new contract beside a contract adds           | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: new 50 2026-04-01 to 2026-12-31                                        | A B      | 150.00 |
| tied to another subscription than the renewal   | delta   |            | A: new 100 2026-01-01 to 2026-12-31 sub_1; B: renewal 120 2026-07-01 to 2027-06-30 sub_2                       | A B      | 220.00 |
| tied to the renewal's subscription              | delta   |            | A: new 100 2026-01-01 to 2026-12-31 sub_2; B: renewal 120 2026-07-01 to 2027-06-30 sub_2                       | B        | 120.00 |
| tied, the renewal is not                        | delta   |            | A: new 100 2026-01-01 to 2026-12-31 sub_1; B: renewal 120 2026-07-01 to 2027-06-30                             | B        | 120.00 |
| started the same day, nothing says which first  | delta   |            | A: new 100 2026-07-01 to 2026-12-31; B: renewal 120 2026-07-01 to 2027-06-30                                   | A B      | 220.00 |
| started the same day, but it names it           | delta   |            | A: new 100 2026-07-01 to 2026-12-31; B: renewal 120 2026-07-01 to 2027-06-30 amends A                          | B        | 120.00 |
| an amendment adds                               | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 50 2026-04-01 to 2026-12-31 amends A                         | A B      | 150.00 |
| a negative amendment                            | delta   |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion -30 2026-04-01 to 2026-12-31 amends A                        | A B      | 70.00  |
| an amendment restates                           | restate |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 70 2026-04-01 to 2026-12-31 amends A                         | B        | 70.00  |
| a restatement still to come                     | restate |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 70 2026-11-01 to 2026-12-31 amends A                         | A        | 100.00 |
| a restatement from the first day                | restate |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 70 2026-01-01 to 2026-12-31 amends A                         | B        | 70.00  |
| restated twice, both name the contract          | restate |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 70 2026-04-01 to 2026-12-31 amends A; C: expansion 80 2026-08-01 to 2026-12-31 amends A | C | 80.00 |
| restated twice, one after the other             | restate |            | A: new 100 2026-01-01 to 2026-12-31; B: expansion 70 2026-04-01 to 2026-12-31 amends A; C: expansion 80 2026-08-01 to 2026-12-31 amends B | C | 80.00 |
| amendments in a ring replace nothing            | restate |            | A: new 100 2026-01-01 to 2026-12-31 amends B; B: expansion 70 2026-04-01 to 2026-12-31 amends A                | A B      | 170.00 |
| amends what is not there                        | restate |            | B: expansion 70 2026-04-01 to 2026-12-31 amends Z                                                              | B        | 70.00  |
"""


def rows_of(drawn):
    lines = [line.strip().strip("|") for line in drawn.strip().splitlines()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [pytest.param(*row[1:], id=row[0]) for row in cells[2:]]


def contract_of(text):
    what = re.fullmatch(
        rf"(?P<id>\w): (?P<lost>lost)?-?(?P<kind>[a-z]+)? (?P<amount>-?\d+) (?P<start>{DAY}) to (?P<end>{DAY}|open)"
        r"( (?P<tie>sub_\d))?( amends (?P<amends>\w))?",
        text,
    )
    assert what, f"cannot read contract {text!r}"
    return {
        "opportunity_id": what["id"],
        "kind": what["kind"] or "new",
        "is_won": not what["lost"],
        "amount_minor": int(what["amount"]) * 100,
        "amount_basis": "monthly",
        "start_on": dt.date.fromisoformat(what["start"]),
        "end_on": None if what["end"] == "open" else dt.date.fromisoformat(what["end"]),
        "stripe_subscription_id": what["tie"],
        "amends_id": what["amends"],
    }


def account_of(churned):
    day = dt.date.fromisoformat(churned) if churned else None
    return {"account_id": "001A", "is_churned": bool(churned), "churned_on": day}


@pytest.mark.parametrize(("policy", "churned", "contracts", "in_force", "mrr"), rows_of(DRAWN))
def test_in_force(policy, churned, contracts, in_force, mrr):
    records = [contract_of(text) for text in contracts.split("; ")]
    chosen = build_policy({"amendments": policy})
    for order in (records, records[::-1]):
        rows = value_selling(order, accounts=[account_of(churned)], policy=chosen).rows
        effective = rows.filter("is_effective")["opportunity_id"].sort().to_list()
        assert " ".join(effective) == in_force
        assert f"{rows['mrr_minor'].sum() / 100:.2f}" == mrr


def test_the_takeover_is_named_even_before_it_happens():
    records = [
        contract_of("A: new 100 2026-01-01 to 2026-12-31"),
        contract_of("B: renewal 120 2026-11-15 to 2027-11-14"),
        contract_of("C: renewal 120 2026-12-01 to 2027-11-30"),
    ]
    rows = value_selling(records).rows.sort("opportunity_id")
    assert rows["taken_over_by"].to_list() == ["B", "C", None]
    assert rows["taken_over_on"].to_list() == [dt.date(2026, 11, 15), dt.date(2026, 12, 1), None]
    assert rows["is_effective"].to_list() == [True, False, False]


def test_another_account_takes_nothing_over():
    records = [
        contract_of("A: new 100 2026-01-01 to 2026-12-31"),
        contract_of("B: renewal 120 2026-07-01 to 2027-06-30") | {"account_id": "001B"},
    ]
    rows = value_selling(records, accounts=[{"account_id": "001A"}, {"account_id": "001B"}]).rows
    assert rows["is_effective"].to_list() == [True, True]


@pytest.mark.parametrize(
    ("named_by", "expected"), [("sub_1 for A, sub_2 for B", [True, True]), ("sub_1 for both", [False, True])]
)
def test_the_subscriptions_own_metadata_ties_as_well(named_by, expected):
    records = [
        contract_of("A: new 100 2026-01-01 to 2026-12-31 sub_1"),
        contract_of("B: renewal 120 2026-07-01 to 2027-06-30"),
    ]
    tie = "sub_2" if "sub_2" in named_by else "sub_1"
    subscriptions = table("subscriptions", [{"subscription_id": tie, "is_live": True, "metadata_opportunity_id": "B"}])
    marked = mark_effective(
        table("contracts", records),
        table("accounts", [account_of("")]),
        as_of=AS_OF,
        policy=build_policy({}),
        subscriptions=subscriptions,
    )
    assert marked["is_effective"].to_list() == expected


def test_an_account_that_churned_on_an_unknown_day_is_churned():
    account = {"account_id": "001A", "is_churned": True, "churned_on": None}
    rows = value_selling([contract_of("A: new 100 2026-01-01 to 2026-12-31")], accounts=[account]).rows
    assert rows["is_effective"].to_list() == [False]


def test_contracts_of_an_account_nobody_knows_stand():
    rows = value_selling([contract_of("A: new 100 2026-01-01 to 2026-12-31")], accounts=[]).rows
    assert rows["is_effective"].to_list() == [True]
    assert rows.schema["taken_over_on"] == pl.Date


def test_a_contract_that_had_ended_by_then_is_not_taken_over():
    records = [
        contract_of("A: new 100 2025-10-31 to 2026-10-30"),
        contract_of("B: renewal 120 2026-10-31 to 2027-10-30"),
    ]
    assert value_selling(records).rows["taken_over_by"].to_list() == [None, None]
