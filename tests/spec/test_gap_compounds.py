"""Several faults at once, from raw files to gaps: each with its own cause, and components that sum to the cent.

All on 31 October 2026, in dollars; a euro was 1.00 dollar when the deals were closed and is 1.20 now. Each row: what
Salesforce sold and what Stripe bills (``then=`` is a change of price, ``coupon=`` an amount off from a day on), and the
gaps that must be found, a semicolon between two: cause, state, monthly difference, since when, money at stake, and what
the difference is made of. ``none`` means no gap.
"""

from __future__ import annotations

import pytest

from tests.drawn_gaps import read, rows_of, told
from tests.raw_company import Snapshot, found_in_raw
from tests.sold_and_billed import company, found_in

DRAWN = """
# one pair, two reasons
rate moved, and expanded by 500 euros | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 currency=eur then=1,500@2026-05-17 | expansion open -800.00 2026-05-17 4,387.10 currency -200.00 expansion -600.00
rate moved, and gave back 100 euros   | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 currency=eur then=900@2026-05-17 | currency open -80.00 2026-03-01 640.00 currency -200.00 contraction 120.00
sold and billed in euros, expanded    | o1 1,000 2026-03-01..2027-02-28 CurrencyIsoCode=EUR | s1 1,000 2026-03-01 currency=eur then=1,500@2026-05-17 | expansion open -600.00 2026-05-17 3,290.32 expansion -600.00
expanded, and a coupon                | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 coupon=150@2026-06-15 | expansion open -100.00 2026-05-17 548.39 discount 150.00 expansion -250.00
a coupon larger than the expansion    | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 coupon=350@2026-06-15 | discount open 100.00 2026-06-15 453.33 discount 350.00 expansion -250.00
a coupon that undoes the expansion    | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 coupon=250@2026-06-15 | none
more seats, then some of them back    | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 then=1,150@2026-07-10 | expansion open -150.00 2026-05-17 822.58 expansion -250.00 contraction 100.00
expanded, then paused                 | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 then=1,250@2026-05-17 paused=2026-09-01 | paused open 1,000.00 2026-09-01 2,000.00 expansion -250.00 paused 1,250.00
a trial runs, and a coupon            | o1 500 2026-10-15..2027-10-14 | s1 500 2026-10-15 trial=2026-11-20 coupon=100@2026-10-15 | trial timing 500.00 2026-10-15 274.19 discount 100.00 trial 400.00
a yearly amount as a monthly, a trial | o1 12,000 2026-10-15..2027-10-14 | s1 1,000 2026-10-15 trial=2026-11-20 | amount_basis open 12,000.00 2026-10-15 6,580.65 amount_basis 11,000.00 trial 1,000.00

# discounts that one system ended
20 % promised, not given, seats back  | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,000 2026-03-01 then=900@2026-06-10 | discount open -100.00 2026-03-01 800.00 discount -200.00 contraction 100.00
20 % in a net price, seats back       | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 800 2026-03-01 then=700@2026-06-10 | contraction open 100.00 2026-06-10 470.00 contraction 100.00
the promise ended, the coupon did not | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 Discount_End_Date__c=2026-06-30 | s1 1,000 2026-03-01 coupon=200@2026-03-01 | discount open 200.00 2026-07-01 800.00 discount 200.00
the coupon ended, the promise did not | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,000 2026-03-01 coupon=200@2026-03-01..2026-07-01 | discount open -200.00 2026-07-01 800.00 discount -200.00
both ended on the same day            | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 Discount_End_Date__c=2026-06-30 | s1 1,000 2026-03-01 coupon=200@2026-03-01..2026-07-01 | none
both still run                        | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,000 2026-03-01 coupon=200@2026-03-01 | none
15 % promised, another coupon given   | o1 1,000 2026-03-01..2027-02-28 Discount_Percent__c=15 | s1 1,000 2026-03-01 coupon=200@2026-06-15 | discount open 200.00 2026-06-15 906.67 discount 200.00
20 % promised and given, expanded     | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,000 2026-03-01 then=1,300@2026-05-17 coupon=20%@2026-03-01 | expansion open -240.00 2026-05-17 1,316.13 discount 60.00 expansion -300.00
20 % promised, 10 % given             | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,000 2026-03-01 coupon=10%@2026-03-01 | discount open -100.00 2026-03-01 800.00 discount -100.00
20 % promised, 30 % given             | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 1,000 2026-03-01 coupon=30%@2026-04-01 | discount open 100.00 2026-04-01 700.00 discount 100.00
20 % promised and given, 50 too low   | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 937.50 2026-03-01 coupon=20%@2026-03-01 | unexplained open 50.00 2026-03-01 400.00 unexplained 50.00
20 % in a net price, and a coupon     | o1 800 2026-03-01..2027-02-28 Discount_Percent__c=20 | s1 800 2026-03-01 coupon=20%@2026-06-15 | discount open 160.00 2026-06-15 725.33 discount 160.00

# what sales answered
expanded twice, one of them was sold  | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 250 2026-08-05..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,250@2026-05-17 then=1,500@2026-08-05 | expansion open -250.00 2026-05-17 1,370.97 expansion -250.00
expanded twice, the first was sold    | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 250 2026-05-20..2027-02-28 Type=Expansion Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01 then=1,250@2026-05-17 then=1,500@2026-08-05 | expansion open -250.00 2026-08-05 717.74 expansion -250.00
expanded, and all of it was sold      | o1 1,000 2026-03-01..2027-02-28; o2 250 2026-05-20..2027-02-28 Type=Expansion | s1 1,000 2026-03-01 then=1,250@2026-05-17 | none
renewed at more, billed as before     | o1 1,000 2025-03-01..2026-02-28; o2 1,200 2026-03-01..2027-02-28 Type=Renewal | s1 1,000 2025-03-01 | unexplained open 200.00 2026-03-01 1,600.00 unexplained 200.00

# two gaps in one account
a coupon, and a late start            | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-08 coupon=150@2026-06-15 | discount open 150.00 2026-06-15 680.00 discount 150.00; late_start open 0.00 2026-03-01 225.81
an amount, a start and an end         | o1 1,200 2026-03-01..2027-02-28 | s1 1,000 2026-03-08 stops=2026-12-08 | unexplained open 200.00 2026-03-08 1,554.84 unexplained 200.00; late_start open 0.00 2026-03-01 270.97; ends_early in_window 0.00 2026-12-08 0.00
one amount, and one never set up      | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 400 2026-07-01..2027-06-30 | s1 900 2026-03-01 | unexplained open 100.00 2026-03-01 800.00 unexplained 100.00; handoff_missed open 400.00 2026-07-01 1,600.00
one amount, and one cancelled         | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 600 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s2n# | s1 900 2026-03-01; s2 600 2026-03-01 ended=2026-09-16 | unexplained open 100.00 2026-03-01 800.00 unexplained 100.00; cancellation_not_in_crm open 600.00 2026-09-16 900.00
one late, and one that nobody sold    | o1 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-08; s2 250 2026-09-01 | late_start open 0.00 2026-03-01 225.81; expansion open -250.00 2026-09-01 500.00 expansion -250.00
one past its end, one with a coupon   | o1 300 2025-08-01..2026-07-31 Stripe_Subscription_ID__c=s1n#; o2 900 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s2n# | s1 300 2025-08-01; s2 900 2026-03-01 coupon=90@2026-06-01 | billing_past_end open -300.00 2026-08-01 900.00; discount open 90.00 2026-06-01 450.00 discount 90.00

# errors that would cancel out
100 too little, 100 too much, by id   | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 500 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s2n# | s1 900 2026-03-01; s2 600 2026-03-01 | unexplained open 100.00 2026-03-01 800.00 unexplained 100.00; unexplained open -100.00 2026-03-01 800.00 unexplained -100.00
swapped by id                         | o1 1,000 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s2n#; o2 500 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n# | s1 1,000 2026-03-01; s2 500 2026-03-01 | unexplained open 500.00 2026-03-01 4,000.00 unexplained 500.00; unexplained open -500.00 2026-03-01 4,000.00 unexplained -500.00
one missing, one extra, by id         | o1 500 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 70 2026-03-01..2027-02-28 | s1 500 2026-03-01; s2 70 2026-03-01 ended=2026-06-01; s3 70 2026-09-01 | late_start open 0.00 2026-03-01 420.00

# groups
two contracts, two subscriptions      | o1 900 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s1n#; o2 200 2026-03-01..2027-02-28 Stripe_Subscription_ID__c=s2n# | s1 600 2026-03-01; s2 400 2026-03-01 names=o1n# | unexplained open 100.00 2026-03-01 800.00 unexplained 100.00
a part ended, another expanded        | o1 1,700 2026-03-01..2027-02-28 | s1 1,200 2026-03-01 names=o1n# then=1,300@2026-06-10; s2 500 2026-03-01 names=o1n# ended=2026-09-23 | cancellation open 400.00 2026-09-23 506.67 expansion -100.00 cancellation 500.00
two for three, one of them paused     | o1 700 2026-03-01..2027-02-28; o2 300 2026-03-01..2027-02-28 | s1 600 2026-03-01; s2 250 2026-03-01 paused=2026-09-01; s3 150 2026-03-01 | paused open 250.00 2026-09-01 500.00 paused 250.00

# what comes after a renewal
an expansion soon after a renewal     | o1 900 2025-01-01..2025-12-31; o2 900 2026-01-01..2026-12-31 Type=Renewal; o3 250 2026-01-15..2026-12-31 Type=Expansion | s1 900 2025-01-01; s2 250 2026-01-15 | none
an expansion soon after a new deal    | o1 900 2025-01-01..2025-12-31; o2 900 2026-01-01..2026-12-31; o3 250 2026-01-15..2026-12-31 Type=Expansion | s1 900 2025-01-01; s2 250 2026-01-15 | none
an expansion that is the renewal      | o1 900 2025-01-01..2025-12-31; o2 900 2026-01-01..2026-12-31 Type=Upsell | s1 900 2025-01-01 | none
two products renewed, tied by id      | o1 900 2024-01-01..2025-12-31 Stripe_Subscription_ID__c=s1n#; o2 300 2025-01-01..2025-12-31 Stripe_Subscription_ID__c=s2n#; o3 900 2026-01-01..2026-12-31 Type=Renewal Stripe_Subscription_ID__c=s1n#; o4 300 2026-01-01..2026-12-31 Type=Renewal Stripe_Subscription_ID__c=s2n# | s1 900 2024-01-01; s2 300 2025-01-01 | none
two products renewed, priors named    | o1 900 2024-01-01..2025-12-31; o2 300 2025-01-01..2025-12-31; o3 900 2026-01-01..2026-12-31 Type=Renewal Prior_Opportunity__c=o1n#; o4 300 2026-01-01..2026-12-31 Type=Renewal Prior_Opportunity__c=o2n# | s1 900 2024-01-01; s2 300 2025-01-01 | none
stops with the renewal that is sold   | o1 900 2025-11-15..2026-11-14; o2 900 2026-11-15..2027-11-14 Type=Renewal CloseDate=2026-10-01 | s1 900 2025-11-15 stops=2027-11-15 | none
stops with the contract, not renewal  | o1 900 2025-11-15..2026-11-14; o2 900 2026-11-15..2027-11-14 Type=Renewal CloseDate=2026-10-01 | s1 900 2025-11-15 stops=2026-11-15 | none
outlasts the renewal that is sold     | o1 900 2025-11-15..2026-11-14; o2 900 2026-11-15..2027-11-14 Type=Renewal CloseDate=2026-10-01 | s1 900 2025-11-15 stops=2028-01-15 | ends_late in_window 0.00 2027-11-15 0.00
"""


CASES = rows_of(DRAWN)


@pytest.fixture(scope="module")
def snapshot():
    drawn = Snapshot()
    for number, case in enumerate(CASES):
        drawn.add(number, *case.values[:2])
    return drawn


@pytest.fixture(scope="module")
def found(snapshot, tmp_path_factory):
    return found_in_raw(snapshot.write(tmp_path_factory.mktemp("all")))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_drawn(found, number):
    assert told(found, number) == read(CASES[number].values[2])


def test_components_sum_and_nothing_else_is_found(found):
    amounts = found.gaps.filter(family="amount_mismatch")
    sums = dict(found.gap_components.group_by("gap_id").agg(total="amount_minor").iter_rows())
    for gap in amounts.iter_rows(named=True):
        assert sum(sums[gap["gap_id"]]) == gap["difference_minor"]
    bridge = found.bridge["amount_minor"].to_list()
    assert sum(bridge[:-1]) == bridge[-1]
    assert set(found.gaps["account_id"]) == {f"A{n}" for n, case in enumerate(CASES) if case.values[2] != "none"}


def test_errors_that_cancel_out_without_an_id_are_said_to_tie_only_in_total():
    found = found_in(company("o1 1,000 2026-03-01..; o2 510 2026-03-01..", "s1 905 2026-03-01; s2 605 2026-03-01"))
    assert found.gaps.is_empty()
    assert found.pairs["pairing_rule"].to_list() == ["total_only"]
    assert set(found.placement["line"]) == {"rounding"}
