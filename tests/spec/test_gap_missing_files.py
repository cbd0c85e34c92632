"""What the gaps say when an optional file is not there: less is explained, but nothing is wrong, and nothing is lost.

All on 31 October 2026. Each row: what Salesforce sold, what Stripe bills, the gaps that are found with every file, and
those found without the file that the section names. The gaps are drawn as in ``test_gap_compounds``.
"""

from __future__ import annotations

import copy

import pytest

from tests.drawn_gaps import read, rows_of, told
from tests.raw_company import Snapshot, found_in_raw

# Rows of the optional Salesforce files; # is the company's number.
FURTHER = {
    "dates-in-the-Contract": {
        "Contract": [{"Id": "C#", "AccountId": "A#", "StartDate": "2026-03-01", "ContractTerm": "12"}],
    },
    "implementation-and-platform": {
        "OpportunityLineItem": [
            {
                "Id": "L1n#", "OpportunityId": "o1n#", "Name": "Implementation", "TotalPrice": "30000.00",
                "Revenue_Type__c": "one_time", "Quantity": "1",
            },
            {
                "Id": "L2n#", "OpportunityId": "o1n#", "Name": "Platform", "TotalPrice": "100000.00",
                "Revenue_Type__c": "recurring", "Quantity": "1",
            },
        ],
    },
    "expanded-twice,-once-edited": {
        "OpportunityHistory": [
            {
                "Id": f"H{number}n#", "OpportunityId": "o1n#", "CreatedDate": f"{day}T10:00:00.000Z", "Amount": amount,
                "StageName": "Closed Won", "CloseDate": "2026-03-01",
            }
            for number, day, amount in ((1, "2026-03-01", "1000.00"), (2, "2026-05-20", "1250.00"))
        ],
    },
}  # fmt: skip

DRAWN = """
# events: history is rebuilt from invoices, where prorations tell the day
expanded in May               | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
expanded on the billing day   | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-06-01 | expansion open -250.00 2026-06-01 1,250.00 expansion -250.00 | expansion open -250.00 2026-06-01 1,250.00 expansion -250.00
twice, and a part given back  | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 then=1,150@2026-07-10 | expansion open -150.00 2026-05-17 822.58 expansion -250.00 contraction 100.00 | expansion open -150.00 2026-05-17 822.58 expansion -250.00 contraction 100.00
rate moved, and expanded      | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 currency=eur then=1,500@2026-05-17 | expansion open -800.00 2026-05-17 4,387.10 currency -200.00 expansion -600.00 | expansion open -800.00 2026-05-17 4,387.10 currency -200.00 expansion -600.00
expanded after the last bill  | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-10-17 | expansion open -250.00 2026-10-17 120.97 expansion -250.00 | expansion open -250.00 2026-10-01 250.00 expansion -250.00
paused, then invoices are voided | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 paused=2026-09-16 | paused open 1,000.00 2026-09-16 1,500.00 paused 1,000.00 | paused open 1,000.00 2026-10-01 1,000.00 paused 1,000.00
paused, on a day only events tell | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 paused=2026-10-16 | paused open 1,000.00 2026-10-16 516.13 paused 1,000.00 | paused open 1,000.00 2026-03-01 8,000.00 paused 1,000.00
a coupon says its own day     | events | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-08 coupon=150@2026-06-15 | discount open 150.00 2026-06-15 680.00 discount 150.00; late_start open 0.00 2026-03-01 225.81 | discount open 150.00 2026-06-15 680.00 discount 150.00; late_start open 0.00 2026-03-01 225.81
cancelled                     | events | o1 600 2026-02-01..2027-01-31 | s1 600 2026-02-01 ended=2026-09-16 | cancellation_not_in_crm open 600.00 2026-09-16 900.00 | cancellation_not_in_crm open 600.00 2026-09-16 900.00

# Contract: the close date stands in for the start, twelve months for the term
dates in the Contract         | Contract | o1 900 .. ContractId=C# CloseDate=2026-02-20 | s1 900 2026-03-01 | none | late_start open 0.00 2026-02-20 289.29

# OpportunityLineItem: one-time money cannot be told from recurring
implementation and platform   | OpportunityLineItem | o1 130,000 2026-02-01..2026-11-30 basis=total | s1 10,000 2026-02-01 | none | unexplained open 3,000.00 2026-02-01 27,000.00 unexplained 3,000.00

# OpportunityHistory: the edit that answered a change is not known
expanded twice, once edited   | OpportunityHistory | o1 1,250 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 then=1,300@2026-08-05 | expansion open -50.00 2026-08-05 143.55 expansion -50.00 | expansion open -50.00 2026-05-17 274.19 expansion -300.00 unexplained 250.00

# the lines of the invoices: amounts and starts still tell, the cause does not
cancelled in September        | lines | o1 600 2026-02-01..2027-01-31 | s1 600 2026-02-01 ended=2026-09-16 | cancellation_not_in_crm open 600.00 2026-09-16 900.00 | cancellation_not_in_crm open 600.00 2026-09-16 900.00
a late start without lines    | lines | o1 1,200 2026-03-01..2027-02-28 | s1 1,200 2026-03-08 | late_start open 0.00 2026-03-01 270.97 | late_start open 0.00 2026-03-01 270.97
a coupon without lines        | lines | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 coupon=150@2026-06-15 | discount open 150.00 2026-06-15 680.00 discount 150.00 | discount open 150.00 2026-06-15 680.00 discount 150.00
never billed                  | lines | o1 500 2026-07-01..2027-06-30 | | handoff_missed open 500.00 2026-07-01 2,000.00 | handoff_missed open 500.00 2026-07-01 2,000.00
"""


CASES = [(case.id, *case.values) for case in rows_of(DRAWN)]


@pytest.fixture(scope="module")
def snapshot():
    drawn = Snapshot()
    for number, (title, _, sold, billed, *_) in enumerate(CASES):
        drawn.add(number, sold, billed, **FURTHER.get(title, {}))
    return drawn


@pytest.fixture(scope="module")
def closes(snapshot, tmp_path_factory):
    """The findings with every file, and without each of them."""
    without_lines = copy.deepcopy(snapshot)
    for invoice in without_lines.stripe["invoices"]:
        del invoice["lines"]
    found = {name: (snapshot, frozenset({name})) for name in {case[1] for case in CASES} - {"lines"}}
    found |= {"nothing": (snapshot, frozenset()), "lines": (without_lines, frozenset())}
    found["everything optional"] = (
        without_lines,
        frozenset({"events", *(n for rows in FURTHER.values() for n in rows)}),
    )
    return {
        name: found_in_raw(drawn.write(tmp_path_factory.mktemp("raw"), without=absent))
        for name, (drawn, absent) in found.items()
    }


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_with_and_without_the_file(closes, number):
    _, file, _, _, complete, poorer = CASES[number]
    assert told(closes["nothing"], number) == read(complete)
    assert told(closes[file], number) == read(poorer)


def test_without_everything_optional_what_is_found_keeps_its_family_and_difference(closes):
    """The causes of changes are gone, but not who differs and by how much."""
    most, least = closes["nothing"].gaps, closes["everything optional"].gaps
    known = [f"A{n}" for n, case in enumerate(CASES) if case[1] in {"events", "lines"}]
    columns = ["account_id", "family", "difference_minor"]
    for findings in (most, least):
        assert findings["gap_id"].n_unique() == findings.height
    there, back = (
        frame.filter(frame["account_id"].is_in(known)).select(columns).sort(columns).rows() for frame in (most, least)
    )
    assert there == back


@pytest.mark.parametrize("name", ["nothing", "events", "lines", "everything optional"])
def test_the_bridge_has_no_residual(closes, name):
    lines = closes[name].bridge["amount_minor"].to_list()
    assert sum(lines[:-1]) == lines[-1]
    assert (closes[name].bridge["amount_minor"] != 0).any()
