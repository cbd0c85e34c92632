"""What Stripe changed since the contract: told by events alone, answered by sales in part, waiting for a trial or a pause.

All on 31 October 2026, in dollars; a euro was 1.00 dollar when the deals were closed and is 1.20 now. Each row: what
Salesforce sold, what Stripe bills (``then=`` is a change of price), and the gaps, drawn as in ``test_gap_compounds``.
"""

from __future__ import annotations

import copy

import pytest

from tests.drawn_gaps import read, rows_of, told
from tests.raw_company import Snapshot, found_in_raw

TOLD = """
# an event tells the day and the amount; the invoices, where there are any, say the same and count nothing twice
expanded in May             | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
expanded on the billing day | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-06-01 | expansion open -250.00 2026-06-01 1,250.00 expansion -250.00
expanded on the last day    | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-10-31 | expansion in_window -250.00 2026-10-31 8.06 expansion -250.00
more, then some of it back  | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 then=1,150@2026-07-10 | expansion open -150.00 2026-05-17 822.58 expansion -250.00 contraction 100.00
twice in one period         | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,400@2026-05-10 then=1,250@2026-05-20 | expansion open -250.00 2026-05-10 1,427.42 expansion -400.00 contraction 150.00
seats given back            | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=900@2026-06-16 | contraction open 100.00 2026-06-16 450.00 contraction 100.00
changed before it was sold  | o1 1,200 2026-06-01..2027-05-31 | s1 1,000 2026-06-01 then=1,100@2026-06-01 | unexplained open 100.00 2026-06-01 500.00 unexplained 100.00
billed by the year          | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 every=year then=1,250@2026-05-17 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
rate moved, and expanded    | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 currency=eur then=1,500@2026-05-17 | expansion open -800.00 2026-05-17 4,387.10 currency -200.00 expansion -600.00
expanded, with 10 % off     | o1 900 2026-03-01..2027-02-28 Discount_Percent__c=10 | s1 1,000 2026-03-01 coupon=10%@2026-03-01 then=1,500@2026-05-17 | expansion open -450.00 2026-05-17 2,467.74 discount 50.00 expansion -500.00
told by the quantity alone  | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 told=quantity then=1,250@2026-05-17 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
told by plan and quantity   | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 told=plan then=1,250@2026-05-17 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
told by a part of the item  | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 told=partial then=1,250@2026-05-17 then=1,150@2026-07-10 | expansion open -150.00 2026-05-17 822.58 expansion -250.00 contraction 100.00
told without the items now  | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 told=bare then=1,250@2026-05-17 then=1,150@2026-07-10 | expansion open -150.00 2026-05-17 822.58 expansion -250.00 contraction 100.00

# what sales answered, whole or in part
a smaller sale              | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 200 2026-05-20..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,250@2026-05-17 | expansion open -50.00 2026-05-17 274.19 expansion -50.00
a larger sale               | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 300 2026-05-20..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,250@2026-05-17 | unexplained open 50.00 2026-03-01 400.00 unexplained 50.00
one sale for two changes    | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 270 2026-08-10..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,100@2026-05-17 then=1,300@2026-08-05 | expansion open -30.00 2026-05-17 164.52 expansion -30.00
two sales for one change    | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 90 2026-05-10..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n#; o3 120 2026-06-10..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,250@2026-05-17 | expansion open -40.00 2026-05-17 219.35 expansion -40.00
the equal sale, not the near one | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 200 2026-06-01..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,100@2026-05-30 then=1,300@2026-08-05 | expansion open -100.00 2026-05-30 506.45 expansion -100.00
a sale is no answer to less | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 150 2026-05-20..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=900@2026-05-17 | unexplained open 250.00 2026-03-01 2,000.00 contraction 100.00 unexplained 150.00
a reduction, half of it sold | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 -60 2026-05-20..2027-02-28 Type=Expansion Amends_Opportunity__c=o1n# | s1 1,000 2026-03-01 then=900@2026-05-17 | contraction open 40.00 2026-05-17 219.35 contraction 40.00
sold to another subscription | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 250 2026-05-20..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s2n# | s1 1,000 2026-03-01 then=1,250@2026-05-17; s2 250 2026-05-20 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
an edit of a part           | o1 1,200 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 | expansion open -50.00 2026-05-17 274.19 expansion -50.00
an edit its own row tells   | o1 1,200 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 | expansion open -50.00 2026-05-17 274.19 expansion -50.00
a ramp is sold from the start | o1 1,250 2026-03-01..2027-02-28 basis=total | s1 1,000 2026-03-01 then=1,250@2026-06-01 coupon=100@2026-08-01 | discount open 100.00 2026-08-01 300.00 discount 100.00

# a discount on both sides: a coupon that the contract lacks counts whole, a discount that Stripe lacks where it fits
noted 15 %, given 20 %      | o1 1,000 2026-03-01..2027-02-28 Description=15_%_off_agreed | s1 1,000 2026-03-01 coupon=20%@2026-06-15 | discount open 200.00 2026-06-15 906.67 discount 200.00
half off, 5 % given         | o1 500 2026-03-01..2027-02-28 Discount_Percent__c=50 | s1 500 2026-03-01 coupon=5%@2026-06-15 | discount open 25.00 2026-06-15 113.33 discount 25.00
20 % sold, 10 % given, 7 more | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,007.78 2026-03-01 coupon=10%@2026-03-01 | discount open -107.00 2026-03-01 856.00 discount -99.22 unexplained -7.78
20 % sold in words, not given | o1 800 2026-03-01..2027-02-28 Description=Discount_of_20_%_for_a_year | s1 1,000 2026-03-01 | discount open -200.00 2026-03-01 1,600.00 discount -200.00
20 % sold as less 20%, not given | o1 800 2026-03-01..2027-02-28 Description=Less_20%_for_the_first_year | s1 1,000 2026-03-01 | discount open -200.00 2026-03-01 1,600.00 discount -200.00
20 % uptime is no discount  | o1 800 2026-03-01..2027-02-28 Description=Uptime_20_%_better | s1 1,000 2026-03-01 | unexplained open -200.00 2026-03-01 1,600.00 unexplained -200.00
20 % sold by the line's price | o1 800 2026-03-01..2027-02-28 basis=total | s1 1,000 2026-03-01 | discount open -200.00 2026-03-01 1,600.00 discount -200.00
20 % sold off the list price | o1 800 2026-03-01..2027-02-28 basis=total | s1 1,000 2026-03-01 | discount open -200.00 2026-03-01 1,600.00 discount -200.00
20 % sold by a line, not given | o1 800 2026-03-01..2027-02-28 basis=total | s1 1,000 2026-03-01 | discount open -200.00 2026-03-01 1,600.00 discount -200.00

# waiting
an item still free          | o1 1,250 2026-10-10..2027-10-09 | s1 1,000 2026-10-10 extra=250@2026-11-20 | trial timing 250.00 2026-10-10 177.42 trial 250.00
an item added, still free   | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 extra=250@2026-11-20 | none
an item free until today    | o1 1,000 2026-10-10..2027-10-09 | s1 1,000 2026-10-10 extra=250@2026-10-31 | unexplained open -250.00 2026-10-10 177.42 unexplained -250.00
an item still free, too cheap | o1 1,300 2026-10-10..2027-10-09 | s1 1,000 2026-10-10 extra=250@2026-11-20 | trial timing 300.00 2026-10-10 212.90 trial 250.00 unexplained 50.00
expanded, an item still free | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 extra=250@2026-11-20 then=1,100@2026-05-17 | expansion open -100.00 2026-05-17 548.39 expansion -100.00
"""
CASES = rows_of(TOLD)

LINES = [
    {
        "Id": f"L{number}n#", "OpportunityId": "o1n#", "Name": "Platform", "TotalPrice": total, "Quantity": "1",
        "Revenue_Type__c": "recurring", "Start_Date__c": start, "End_Date__c": "2027-02-28",
    }
    for number, start, total in ((1, "2026-03-01", "12000.00"), (2, "2026-06-01", "2250.00"))
]  # fmt: skip
EDITS = [
    {
        "Id": f"H{number}n#", "OpportunityId": "o1n#", "CreatedDate": f"{day}T10:00:00.000Z", "Amount": amount,
        "StageName": "Closed Won", "CloseDate": "2026-03-01",
    }
    for number, day, amount in ((1, "2026-03-01", "1000.00"), (2, "2026-05-20", "1200.00"))
]  # fmt: skip
OFF = [
    {
        "Id": "L1n#", "OpportunityId": "o1n#", "Name": "Platform, 20 % off", "TotalPrice": "9600.00", "Quantity": "1",
        "Revenue_Type__c": "recurring",
    }
]  # fmt: skip
PRICED = [OFF[0] | {"Name": "Platform", "UnitPrice": "1200.00", "Quantity": "10"}]
LISTED = [OFF[0] | {"Name": "Platform", "UnitPrice": "9600.00", "List_Price__c": "12000.00"}]
FURTHER = {
    "20-%-sold-off-the-list-price": {"OpportunityLineItem": LISTED},
    "20-%-sold-by-the-line's-price": {"OpportunityLineItem": PRICED},
    "an-edit-its-own-row-tells": {"OpportunityHistory": [EDITS[1] | {"PrevAmount": "1000.00"}]},
    "20-%-sold-by-a-line,-not-given": {"OpportunityLineItem": OFF},
    "an-edit-of-a-part": {"OpportunityHistory": EDITS},
    "a-ramp-is-sold-from-the-start": {"OpportunityLineItem": LINES},
}


@pytest.fixture(scope="module")
def snapshot():
    drawn = Snapshot()
    for number, case in enumerate(CASES):
        drawn.add(number, *case.values[:2], **FURTHER.get(case.id, {}))
    return drawn


@pytest.fixture(scope="module")
def found(snapshot, tmp_path_factory):
    """The findings with invoices, and of events alone."""
    silent = copy.deepcopy(snapshot)
    silent.stripe["invoices"] = []
    return {
        name: found_in_raw(drawn.write(tmp_path_factory.mktemp("raw")))
        for name, drawn in (("invoices and events", snapshot), ("events alone", silent))
    }


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
@pytest.mark.parametrize("files", ["invoices and events", "events alone"])
def test_drawn(found, files, number):
    assert told(found[files], number) == read(CASES[number].values[2])


@pytest.mark.parametrize("files", ["invoices and events", "events alone"])
def test_the_event_is_the_evidence(found, files):
    own = found[files].gaps.filter(account_id="A0").row(0, named=True)
    assert "evt_s1n0_2026-05-17" in own["evidence"]
