"""Both sides of every line that a controller may draw: the tolerance and one cent more, day 13 and day 14, and so on.

All on 31 October 2026. Each row: what Salesforce sold, what Stripe bills, the customer, and each gap that must be found
as ``cause state``, a semicolon between two; ``none`` means no gap, a word after it is the bridge line.
"""

import pytest

from recon_kit.policy import build_policy
from tests.drawn_gaps import rows_of
from tests.hand_made import minor
from tests.side_by_side import Found
from tests.sold_and_billed import company, found_in

DRAWN = """
# 1.00 of rounding is no difference
sold 1.00 more                           | o1 1,201 2026-03-01..     | s1 1,200 2026-03-01 | | none
sold 1.01 more                           | o1 1,201.01 2026-03-01..  | s1 1,200 2026-03-01 | | unexplained open
billed 1.00 more                         | o1 1,200 2026-03-01..     | s1 1,201 2026-03-01 | | none
billed 1.01 more                         | o1 1,200 2026-03-01..     | s1 1,201.01 2026-03-01 | | unexplained open
three parts within 1.00 of the whole     | o1 1,000 2026-03-01..     | s1 500 2026-03-01; s2 300 2026-03-01; s3 199 2026-03-01 | | none
three parts 1.01 below the whole         | o1 1,000 2026-03-01..     | s1 500 2026-03-01; s2 300 2026-03-01; s3 198.99 2026-03-01 | | unexplained open

# three days
billed 3 days late                       | o1 900 2026-03-01..       | s1 900 2026-03-04 | | none
billed 4 days late                       | o1 900 2026-03-01..       | s1 900 2026-03-05 | | late_start open
billed 3 days early                      | o1 900 2026-03-04..       | s1 900 2026-03-01 | | none
billed 4 days early                      | o1 900 2026-03-05..       | s1 900 2026-03-01 | | early_start open
a trial until 3 days after the start     | o1 900 2026-03-01..       | s1 900 2026-02-01 trial=2026-03-04 | | none
a trial until 4 days after the start     | o1 900 2026-03-01..       | s1 900 2026-02-01 trial=2026-03-05 | | late_start open
stops 3 days early                       | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2026-12-29 | | none
stops 4 days early                       | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2026-12-28 | | ends_early in_window
stops 3 days late                        | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2027-01-04 | | none
stops 4 days late                        | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2027-01-05 | | ends_late in_window
contract ended 3 days ago                | o1 900 2025-10-29..2026-10-28 | s1 900 2025-10-29 | | none grace
contract ended 4 days ago                | o1 900 2025-10-28..2026-10-27 | s1 900 2025-10-28 | | billing_past_end open
by id, 3 days ago, beside another        | o1 900 2025-10-29..2026-10-28 names=s1; o2 70 2026-01-01.. names=s2 | s1 900 2025-10-29; s2 70 2026-01-01 | | none grace
by id, 4 days ago, beside another        | o1 900 2025-10-28..2026-10-27 names=s1; o2 70 2026-01-01.. names=s2 | s1 900 2025-10-28; s2 70 2026-01-01 | | billing_past_end open
parts that began within 3 days           | o1 1,000 2026-03-01.. | s1 600 2026-03-01; s2 300 2026-03-04 | | unexplained open
a part that began after 4 days           | o1 1,000 2026-03-01.. | s1 900 2026-03-01; s2 300 2026-03-05 | | unexplained open; expansion open

# a handoff may take 13 days
sold 13 days ago                         | o1 310 2026-10-18..       | | | timing_lag timing
sold 14 days ago                         | o1 310 2026-10-17..       | | | handoff_missed open
signed 13 days ago, runs for months      | o1 310 2026-03-01.. closed=2026-10-18 | | | timing_lag timing
signed 14 days ago, runs for months      | o1 310 2026-03-01.. closed=2026-10-17 | | | handoff_missed open

# windows: seven days for what is new
nothing in Stripe for 6 days             | o1 310 2026-10-25..       | | | timing_lag in_window
nothing in Stripe for 7 days             | o1 310 2026-10-24..       | | | timing_lag timing
nothing in Salesforce for 6 days         | | s1 310 2026-10-25 | unlinked | self_service_signup in_window
nothing in Salesforce for 7 days         | | s1 310 2026-10-24 | unlinked | self_service_signup open
a trial that converted 6 days ago        | | s1 310 2026-10-01 trial=2026-10-25 | unlinked | trial_conversion in_window
a trial that converted 7 days ago        | | s1 310 2026-10-01 trial=2026-10-24 | unlinked | trial_conversion open
began 6 days ago, billed 4 days later    | o1 310 2026-10-25..       | s1 310 2026-10-29 | | late_start in_window
began 7 days ago, billed 4 days later    | o1 310 2026-10-24..       | s1 310 2026-10-28 | | late_start open
billed for 6 days, began 4 days later    | o1 310 2026-10-29..       | s1 310 2026-10-25 | | early_start in_window
billed for 7 days, began 4 days later    | o1 310 2026-10-28..       | s1 310 2026-10-24 | | early_start open
an extra subscription of 6 days          | o1 900 2026-03-01..       | s1 900 2026-03-01; s2 250 2026-10-25 | | expansion in_window
an extra subscription of 7 days          | o1 900 2026-03-01..       | s1 900 2026-03-01; s2 250 2026-10-24 | | expansion open
# two days for what is changed
amounts differ since yesterday           | o1 310 2026-10-30..       | s1 280 2026-10-30 | | unexplained in_window
amounts differ for 2 days                | o1 310 2026-10-29..       | s1 280 2026-10-29 | | unexplained open
paused yesterday                         | o1 310 2026-03-01..       | s1 310 2026-03-01 paused=2026-10-30 | | paused in_window
paused 2 days ago                        | o1 310 2026-03-01..       | s1 310 2026-03-01 paused=2026-10-29 | | paused open
# one day for what ended
left today                               | o1 310 2026-03-01..       | s1 310 2026-03-01 | churned=2026-10-31 | cancellation_not_in_billing in_window
left yesterday                           | o1 310 2026-03-01..       | s1 310 2026-03-01 | churned=2026-10-30 | cancellation_not_in_billing open
left tomorrow                            | o1 310 2026-03-01..       | s1 310 2026-03-01 | churned=2026-11-01 | none
cancelled in Stripe today                | o1 310 2026-03-01..       | s1 310 2026-03-01 ended=2026-10-31 | | cancellation_not_in_crm in_window
cancelled in Stripe yesterday            | o1 310 2026-03-01..       | s1 310 2026-03-01 ended=2026-10-30 | | cancellation_not_in_crm open
# none for a payment that failed
unpaid since today                       | o1 310 2026-03-01..       | s1 310 2026-03-01 ended=2026-10-31 status=unpaid | | failed_payment open

# a break of 31 days is one chain, of 32 it is two
sold again after 31 days                 | o1 900 2025-01-01..2025-12-31; o2 900 2026-02-01.. | s1 900 2025-01-01 | | none
sold again after 32 days                 | o1 900 2025-01-01..2025-12-31; o2 900 2026-02-02.. | s1 900 2025-01-01 | | early_start open
re-created after 31 days                 | o1 900 2026-01-01.. | s1 900 2026-01-01 ended=2026-05-01; s2 900 2026-06-01 | | none
re-created after 32 days                 | o1 900 2026-01-01.. | s1 900 2026-01-01 ended=2026-05-01; s2 900 2026-06-02 | | late_start open
a renewal 32 days later has no start     | o1 900 2025-01-01..2025-12-31; o2 900 2026-02-02.. kind=renewal | s1 900 2025-01-01 | | none

# what ended unbilled is looked for through twelve months
ended on the day a year ago              | o1 300 2025-06-01..2025-10-31 | | | handoff_missed open
ended a year and a day ago               | o1 300 2025-06-01..2025-10-30 | | | none
ended yesterday                          | o1 300 2026-06-01..2026-10-30 | | | handoff_missed open
billed for its last day                  | o1 300 2026-01-01..2026-06-30 | s1 300 2026-06-30 ended=2026-07-02 | | none
billed from the day after                | o1 300 2026-01-01..2026-06-30 | s1 300 2026-07-01 ended=2026-07-02 | | handoff_missed open
billed until its first day               | o1 300 2026-01-01..2026-06-30 | s1 300 2025-01-01 ended=2026-01-01 | | handoff_missed open
billed for its first day                 | o1 300 2026-01-01..2026-06-30 | s1 300 2025-01-01 ended=2026-01-02 | | none
# a subscription that ended during the contract, or before it
ended on the contract's first day        | o1 300 2026-03-01..       | s1 300 2025-01-01 ended=2026-03-01 | | handoff_missed open
ended on the contract's second day       | o1 300 2026-03-01..       | s1 300 2025-01-01 ended=2026-03-02 | | cancellation_not_in_crm open

ended on the day it began               | o1 300 2026-03-01..       | s1 300 2026-05-20 ended=2026-05-20 | | cancellation_not_in_crm open
and that was the contract's first day    | o1 300 2026-03-01..       | s1 300 2026-03-01 ended=2026-03-01 | | cancellation_not_in_crm open

# what a subscription cannot outlive
a contract billed in another system      | o1 300 2026-02-23..2026-09-11 elsewhere=1 | s1 500 2026-04-14 | | none billed_elsewhere
the same, named by id                    | o1 300 2026-02-23..2026-09-11 elsewhere=1 names=s1 | s1 500 2026-04-14 | | none billed_elsewhere
a one-time sale                          | o1 0 2025-11-30..2026-05-29 | s1 300 2026-04-24 | | none no_recurring_value
a contract, beside a one-time sale       | o1 450 2025-07-01..2026-06-30; o2 0 2026-03-01..2027-02-28 | s1 400 2025-07-01 | | billing_past_end open
a contract, before a one-time sale       | o1 450 2025-07-01..2026-06-30; o2 0 2026-07-10..2027-02-28 | s1 400 2025-07-01 | | billing_past_end open
a one-time sale before the contract      | o1 0 2026-01-10..2026-02-10; o2 450 2026-03-01.. | s1 450 2026-03-01 | | none

# the first and the last day of a contract
its first day                            | o1 300 2026-10-31..       | s1 300 2026-10-31 | | none
its last day                             | o1 300 2025-11-01..2026-10-31 | s1 300 2025-11-01 | | none
begins tomorrow                          | o1 300 2026-11-01..       | s1 300 2026-10-31 | | none not_yet_compared
# what stops a subscription of a customer that left
cancels on the period's last day         | o1 600 2026-01-01..2026-12-31 | s1 600 2026-01-01 cancel_at_on=2026-12-01 current_period_end_on=2026-12-01 | churned=2026-10-20 | none stopping
cancels the day after                    | o1 600 2026-01-01..2026-12-31 | s1 600 2026-01-01 cancel_at_on=2026-12-02 current_period_end_on=2026-12-01 | churned=2026-10-20 | cancellation_not_in_billing open
"""


def told(found):
    return sorted(f"{gap['cause']} {gap['state']}" for gap in found.gaps.iter_rows(named=True))


CASES = rows_of(DRAWN)


@pytest.fixture(scope="module")
def drawn():
    """All drawn companies, compared in one run."""
    return Found(company(*case.values[:3]) for case in CASES)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_both_sides_of_the_line(drawn, number):
    expected = CASES[number].values[3]
    gaps = sorted(f"{gap['cause']} {gap['state']}" for gap in drawn.gaps(number))
    if expected.startswith("none"):
        assert gaps == []
        assert drawn.lines(number) == set(expected.split()[1:])
    else:
        assert gaps == sorted(one.strip() for one in expected.split(";"))


# Two contracts of 1,000.00 and 950.00 meet one subscription: 30 % of the larger side is the most a pair may differ.
PAIRED = """
665.00 is 30 % below 950.00      | 665    | closest_amount | 285.00 1,000.00
664.99 is more than 30 %         | 664.99 | remainder      | 1,285.01
1,428.57 is 30 % above 1,000.00  | 1,428.57 | closest_amount | -428.57 950.00
1,428.58 is more than 30 % above| 1,428.58 | remainder    | 521.42
"""


@pytest.mark.parametrize(("billed", "rule", "differences"), rows_of(PAIRED))
def test_a_pair_differs_by_30_per_cent_of_the_larger_side_at_most(billed, rule, differences):
    found = found_in(company("o1 1,000 2026-03-01..; o2 950 2026-03-01..", f"s1 {billed} 2026-03-01"))
    assert sorted(found.gaps["difference_minor"]) == sorted(map(minor, differences.split()))
    assert found.placement.filter(record_id="s1")["pairing_rule"].to_list() == [rule]


def test_which_choice_is_smallest_when_choices_are_equal():
    """Equal amounts: nearest starts; equal starts too: smallest ids."""
    found = found_in(
        company(
            "o1 500 2026-03-01..; o2 500 2026-03-03..; o3 500 2026-03-03..",
            "s1 500 2026-03-03; s2 500 2026-03-01; s3 500 2026-03-03",
        )
    )
    pairs = found.pairs.select("opportunity_ids", "subscription_ids").rows()
    assert sorted((*sold, *billed) for sold, billed in pairs) == [("o1", "s2"), ("o2", "s1"), ("o3", "s3")]


REFUNDED = """
given back 5.00 yesterday        | 5.00   | 2026-10-30 | in_window | no
given back 5.00 two days ago     | 5.00   | 2026-10-29 | open      | no
given back 99.99                 | 99.99  | 2026-08-12 | open      | no
given back 100.00                | 100.00 | 2026-08-12 | open      | yes
on the contract's first day      | 100.00 | 2026-03-01 | open      | yes
"""


def refunded(amount, on):
    invoice = {"invoice_id": "in", "subscription_id": "s1", "currency": "USD", "tax_minor": 0, "total_minor": 100_000}
    charge = {"charge_id": "ch", "invoice_id": "in", "currency": "USD", "amount_minor": 100_000}
    refund = {"refund_id": "re", "charge_id": "ch", "currency": "USD", "amount_minor": minor(amount), "created_on": on}
    evidence = {"invoices": [invoice], "charges": [charge], "refunds": [refund]}
    return company("o1 1,000 2026-03-01..", "s1 1,000 2026-03-01", **evidence)


@pytest.mark.parametrize(("amount", "on", "state", "material"), rows_of(REFUNDED))
def test_refunds(amount, on, state, material):
    (gap,) = found_in(refunded(amount, on)).gaps.iter_rows(named=True)
    assert (gap["cause"], gap["state"], gap["material"]) == ("refund_or_credit", state, material == "yes")
    assert (gap["difference_minor"], gap["impact_minor"], str(gap["diverged_on"])) == (0, minor(amount), on)


def test_a_refund_before_the_contract_is_not_its_own():
    assert told(found_in(refunded("100.00", "2026-02-28"))) == []


# Materiality of each profile: difference of 1,000.00 sold, or orphan, or the money of a late start.
PROFILES = """
amount 99.99                     | default       | o1 1,000 2026-03-01..  | s1 900.01 2026-03-01 | | no
amount 100.00                    | default       | o1 1,000 2026-03-01..  | s1 900 2026-03-01    | | yes
amount 49.99                     | due_diligence | o1 1,000 2026-03-01..  | s1 950.01 2026-03-01 | | no
amount 50.00                     | due_diligence | o1 1,000 2026-03-01..  | s1 950 2026-03-01    | | yes
amount 99.99, board              | board         | o1 1,000 2026-03-01..  | s1 900.01 2026-03-01 | | no
just below 5 % of 4,000          | default       | o1 4,000 2026-03-01..  | s1 3,800.01 2026-03-01 | | no
5 % of 4,000                     | default       | o1 4,000 2026-03-01..  | s1 3,800 2026-03-01  | | yes
just below 2 % of 4,000          | due_diligence | o1 4,000 2026-03-01..  | s1 3,920.01 2026-03-01 | | no
2 % of 4,000                     | due_diligence | o1 4,000 2026-03-01..  | s1 3,920 2026-03-01  | | yes
4.99 % of 10,000 itself          | default       | o1 10,000 2026-03-01.. | s1 9,501 2026-03-01  | | no
just below 2 % of 10,000.01      | default       | o1 10,000.01 2026-03-01.. | s1 9,800.02 2026-03-01 | | no
2 % of 10,000.01                 | default       | o1 10,000.01 2026-03-01.. | s1 9,800 2026-03-01 | | yes
orphan of 500                    | default       | | s1 500 2026-03-01    | unlinked | no
orphan of 500.01                 | default       | | s1 500.01 2026-03-01 | unlinked | yes
orphan of 100                    | plg           | | s1 100 2026-03-01    | unlinked | no
orphan of 100.01                 | plg           | | s1 100.01 2026-03-01 | unlinked | yes
orphan of 100                    | due_diligence | | s1 100 2026-03-01    | unlinked | no
orphan of 100.01                 | due_diligence | | s1 100.01 2026-03-01 | unlinked | yes
late by 100.00                   | default       | o1 310 2026-03-01..    | s1 310 2026-03-11    | | yes
late by 99.99                    | default       | o1 309.98 2026-03-01.. | s1 309.98 2026-03-11 | | no
an end that lies ahead           | default       | o1 9,000 2026-01-01..2026-12-31 | s1 9,000 2026-01-01 stops=2026-11-15 | | no
a small one left, still billed   | default       | o1 5 2026-03-01..      | s1 5 2026-03-01      | churned=2026-09-30 | yes
a small one billed past its end  | default       | o1 5 2026-03-01..2026-09-30 | s1 5 2026-03-01 | | yes
a small one that ran out unbilled | default      | o1 5 2026-03-01..2026-09-30 | | | yes
"""


@pytest.mark.parametrize(("profile", "sold", "billed", "customer", "material"), rows_of(PROFILES))
def test_what_is_material(profile, sold, billed, customer, material):
    found = found_in(company(sold, billed, customer), policy=build_policy({}, profile=profile))
    assert found.gaps["material"].to_list() == [material == "yes"]


# Which window a gap is measured by shows when that window alone is wide.
WINDOWS = """
nothing in Stripe        | new_subscription | o1 310 2026-03-01.. | | | 2026-03-01
a late start             | new_subscription | o1 310 2026-03-01.. | s1 310 2026-03-11 | | 2026-03-01
an extra subscription    | new_subscription | o1 900 2026-03-01.. | s1 900 2026-03-01; s2 250 2026-09-01 | | 2026-09-01
an orphan                | new_subscription | | s1 310 2026-03-01 | unlinked | 2026-03-01
an amount                | modification     | o1 310 2026-03-01.. | s1 280 2026-03-01 | | 2026-03-01
left, still billed       | cancellation     | o1 310 2026-03-01.. | s1 310 2026-03-01 | churned=2026-09-30 | 2026-09-30
billed past its end      | cancellation     | o1 310 2025-03-01..2026-02-28 | s1 310 2025-03-01 | | 2026-03-01
cancelled in Stripe      | cancellation     | o1 310 2026-03-01.. | s1 310 2026-03-01 ended=2026-09-01 | | 2026-09-01
a payment that failed    | payment_failure  | o1 310 2026-03-01.. | s1 310 2026-03-01 ended=2026-09-01 status=unpaid | | 2026-09-01
"""


@pytest.mark.parametrize(("window", "sold", "billed", "customer", "since"), rows_of(WINDOWS))
def test_each_kind_has_its_own_window(window, sold, billed, customer, since):
    tables = company(sold, billed, customer)
    (gap,) = found_in(tables).gaps.iter_rows(named=True)
    age = gap["age_days"]
    assert (str(gap["diverged_on"]), gap["state"]) == (since, "open")
    others = dict.fromkeys({"new_subscription", "modification", "cancellation", "payment_failure"} - {window}, age + 1)
    for days, state in ((age, "open"), (age + 1, "in_window")):
        found = found_in(tables, policy=build_policy({"windows": {window: days}}))
        assert found.gaps["state"].to_list() == [state]
    assert found_in(tables, policy=build_policy({"windows": others})).gaps["state"].to_list() == ["open"]
