"""Families, causes, dates and money at stake, drawn as a controller would on paper. All on 31 October 2026.

Each row: what Salesforce sold, what Stripe bills, the customer, and the gaps that must be found, one a semicolon:
family/cause, monthly difference, since when, money at stake. ``none`` means no gap; a word after it is the bridge line.
"""

import polars as pl
import pytest

from recon_kit.gaps import explain
from recon_kit.gaps.bridge import bridge_control
from recon_kit.schemas import TABLES
from tests.hand_made import minor
from tests.sold_and_billed import company, found_in

DRAWN = """
# amounts
a difference of 200                | o1 1,400 2026-03-01..2027-02-28 | s1 1,200 2026-03-01 | | amount_mismatch/unexplained 200.00 2026-03-01 1,600.00
at the tolerance                   | o1 1,201 2026-03-01..2027-02-28 | s1 1,200 2026-03-01 | | none
one cent beyond                    | o1 1,201.01 2026-03-01..2027-02-28 | s1 1,200 2026-03-01 | | amount_mismatch/unexplained 1.01 2026-03-01 8.08
billed more than sold              | o1 1,000 2026-09-01..2027-08-31 | s1 1,100 2026-09-01 | | amount_mismatch/unexplained -100.00 2026-09-01 200.00
beyond the pair tolerance          | o1 1,000 2026-09-01..2027-08-31 | s1 100 2026-09-01 | | amount_mismatch/unexplained 900.00 2026-09-01 1,800.00
ten months for 100,000             | o1 10,000 2026-01-01..2026-10-31 | s1 10,000 2026-01-01 | | none
a trial still runs                 | o1 500 2026-10-01..2027-09-30 | s1 500 2026-10-01 trial=2026-11-14 | | amount_mismatch/trial 500.00 2026-10-01 500.00
collection paused                  | o1 500 2026-05-01..2027-04-30 | s1 500 2026-05-01 paused=2026-09-01 | | amount_mismatch/paused 500.00 2026-09-01 1,000.00
an extra subscription              | o1 900 2026-03-01..2027-02-28 | s1 900 2026-03-01; s2 250 2026-09-01 | | amount_mismatch/expansion -250.00 2026-09-01 500.00

# never sold, never billed
sold and never set up              | o1 500 2026-07-01..2027-06-30 | | | missing_subscription/handoff_missed 500.00 2026-07-01 2,000.00
signed after it started            | o1 500 2026-07-01..2027-06-30 closed=2026-08-01 | | | missing_subscription/handoff_missed 500.00 2026-08-01 1,500.00
thirteen days old                  | o1 310 2026-10-18..2027-10-17 | | | missing_subscription/timing_lag 310.00 2026-10-18 140.00
fourteen days old                  | o1 310 2026-10-17..2027-10-16 | | | missing_subscription/handoff_missed 310.00 2026-10-17 150.00
ran out and was never billed       | o1 300 2026-01-01..2026-06-30 | | | missing_subscription/handoff_missed 0.00 2026-01-01 1,800.00
never billed, but long ago         | o1 300 2025-01-01..2025-06-30 | | | none
ran out and was billed             | o1 300 2026-01-01..2026-06-30 | s1 300 2026-01-01 ended=2026-07-01 | | none
a customer nobody sold to          | | s1 600 2026-09-01 | unlinked | orphaned_revenue/self_service_signup -600.00 2026-09-01 1,200.00
a trial that converted             | | s1 600 2026-08-18 trial=2026-09-01 | unlinked | orphaned_revenue/trial_conversion -600.00 2026-09-01 1,200.00
free plan                          | | s1 0 2026-08-18 | unlinked | none
known account, nothing won         | | s1 600 2026-09-01 | | orphaned_revenue/self_service_signup -600.00 2026-09-01 1,200.00
sold long before, bought again     | o1 600 2024-01-01..2024-12-31 | s1 600 2026-09-01 | | orphaned_revenue/self_service_signup -600.00 2026-09-01 1,200.00

# ended on one side
cancelled in Stripe                | o1 600 2026-02-01..2027-01-31 | s1 600 2026-02-01 ended=2026-09-16 | | phantom_revenue/cancellation_not_in_crm 600.00 2026-09-16 900.00
a failed payment                   | o1 600 2026-02-01..2027-01-31 | s1 600 2026-02-01 ended=2026-09-16 cancellation_reason=payment_failed | | phantom_revenue/failed_payment 600.00 2026-09-16 900.00
unpaid                             | o1 600 2026-02-01..2027-01-31 | s1 600 2026-02-01 ended=2026-09-16 status=unpaid | | phantom_revenue/failed_payment 600.00 2026-09-16 900.00
ended before the contract began    | o1 600 2026-08-01..2027-07-31 | s1 600 2026-02-01 ended=2026-08-01 | | missing_subscription/handoff_missed 600.00 2026-08-01 1,800.00
left, still billed                 | o1 600 2026-01-01..2026-12-31 | s1 600 2026-01-01 | churned=2026-08-31 | billing_after_churn/cancellation_not_in_billing -600.00 2026-08-31 1,219.35
left, and it stops                 | o1 600 2026-01-01..2026-12-31 | s1 600 2026-01-01 at_period_end=1 | churned=2026-10-20 | none stopping
left, stops in this period         | o1 600 2026-01-01..2026-12-31 | s1 600 2026-01-01 cancel_at_on=2026-11-15 current_period_end_on=2026-12-01 | churned=2026-10-20 | none stopping
left, stops after this period      | o1 600 2026-01-01..2026-12-31 | s1 600 2026-01-01 cancel_at_on=2026-12-15 current_period_end_on=2026-12-01 | churned=2026-10-01 | billing_after_churn/cancellation_not_in_billing -600.00 2026-10-01 600.00
billed past its ten months         | o1 10,000 2025-12-01..2026-09-30 | s1 10,000 2025-12-01 | | date_misalignment/billing_past_end -10,000.00 2026-10-01 10,000.00
ended four days ago                | o1 310 2025-10-28..2026-10-27 | s1 310 2025-10-28 | | date_misalignment/billing_past_end -310.00 2026-10-28 40.00
ended three days ago               | o1 310 2025-10-29..2026-10-28 | s1 310 2025-10-29 | | none grace
ended, named by id, another runs   | o1 310 2025-08-01..2026-07-31 names=s1; o2 90 2026-03-01..2027-02-28 | s1 310 2025-08-01; s2 90 2026-03-01 | | date_misalignment/billing_past_end -310.00 2026-08-01 930.00

# dates
1 March against 8 March            | o1 1,200 2026-03-01..2027-02-28 | s1 1,200 2026-03-08 | | date_misalignment/late_start 0.00 2026-03-01 270.97
8 March against 1 March            | o1 1,200 2026-03-08..2027-03-07 | s1 1,200 2026-03-01 | | date_misalignment/early_start 0.00 2026-03-01 270.97
three days apart                   | o1 1,200 2026-03-01..2027-02-28 | s1 1,200 2026-03-04 | | none
four days apart                    | o1 1,240 2026-03-01..2027-02-28 | s1 1,240 2026-03-05 | | date_misalignment/late_start 0.00 2026-03-01 160.00
a trial until the contract starts  | o1 1,200 2026-03-01..2027-02-28 | s1 1,200 2026-02-22 trial=2026-03-01 | | none
the chain began together           | o1 900 2025-01-01..2025-12-31; o2 900 2026-01-01..2026-12-31 kind=renewal | s1 900 2025-01-01 | | none
renewal after a break of 31 days   | o1 900 2025-01-01..2025-12-31; o2 900 2026-02-01..2027-01-31 kind=renewal | s1 900 2025-01-01 | | none
a renewal without predecessor      | o2 900 2026-01-01..2026-12-31 kind=renewal | s1 900 2024-06-01 | | none
re-created within 31 days          | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 ended=2026-05-01; s2 900 2026-06-01 | | none
re-created after 32 days           | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 ended=2026-05-01; s2 900 2026-06-02 | | date_misalignment/late_start 0.00 2026-01-01 4,530.00
stops two months early             | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2026-11-01 | | date_misalignment/ends_early 0.00 2026-11-01 0.00
stops a month late                 | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2027-02-01 | | date_misalignment/ends_late 0.00 2027-01-01 0.00
stops with the contract            | o1 900 2026-01-01..2026-12-31 | s1 900 2026-01-01 stops=2027-01-01 | | none
amount, start and end at once      | o1 1,200 2026-03-01..2027-02-28 | s1 1,000 2026-03-08 stops=2026-12-08 | | amount_mismatch/unexplained 200.00 2026-03-08 1,554.84; date_misalignment/late_start 0.00 2026-03-01 270.97; date_misalignment/ends_early 0.00 2026-12-08 0.00

# groups
two subscriptions for one contract | o1 1,000 2026-03-01..2027-02-28 | s1 600 2026-03-01; s2 400 2026-03-01 | | none
two contracts, one subscription    | o1 600 2026-03-01..2027-02-28; o2 400 2026-03-01..2027-02-28 | s1 1,000 2026-03-01 | | none
totals tie, no single amounts do   | o1 700 2026-03-01..2027-02-28; o2 300 2026-03-01..2027-02-28 | s1 600 2026-03-01; s2 400 2026-03-01 | | none
a split contract                   | o1 1,000 2026-09-01..2027-08-31 | s1 600 2026-09-01; s2 300 2026-09-02 | | amount_mismatch/unexplained 100.00 2026-09-01 200.00
equal before close                 | o1 900 2026-03-01..2027-02-28; o2 1,000 2026-03-01..2027-02-28 | s1 1,000 2026-03-01; s2 900 2026-03-01 | | none
an id against equal amounts        | o1 900 2026-09-01..2027-08-31 names=s1; o2 1,000 2026-09-01..2027-08-31 | s1 1,000 2026-09-01; s2 900 2026-09-01 | | amount_mismatch/unexplained -100.00 2026-09-01 200.00; amount_mismatch/unexplained 100.00 2026-09-01 200.00
a free record completes an id      | o1 900 2026-09-01..2027-08-31 names=s1 | s1 600 2026-09-01; s2 300 2026-09-01 | | none
the id names the old contract      | o1 500 2025-09-01..2026-08-31; o2 900 2026-09-01..2027-08-31 kind=renewal | s1 900 2025-09-01 names=o1 | | none

# what is no gap
negative amendment                 | o1 1,000 2026-01-01..2026-12-31; o2 -200 2026-07-01..2026-12-31 amends_id=o1 | s1 800 2026-01-01 | | none
contract starts next month         | o1 500 2026-12-01..2027-11-30 | s1 500 2026-10-01 | | none not_yet_compared
billed in another system           | o1 500 2026-03-01..2027-02-28 elsewhere=1 | | | none billed_elsewhere
one-time sale, then a subscription | o1 0 2026-03-01..2027-02-28 | s1 80 2026-04-01 | | none no_recurring_value
the contract cannot be computed    | o1 500 2026-03-01..2027-02-28 known=no | s1 480 2026-03-01 | | none not_comparable
the subscription cannot be either  | o1 500 2026-03-01..2027-02-28 | s1 480 2026-03-01 known=no | | none not_comparable
"""


def cases():
    for line in DRAWN.strip().splitlines():
        if line.strip() and not line.startswith("#"):
            title, sold, billed, customer, expected = (part.strip() for part in line.split("|"))
            yield pytest.param(sold, billed, customer, expected, id=title.replace(" ", "-"))


def told(gap):
    return gap["family"], gap["cause"], gap["difference_minor"], str(gap["diverged_on"]), gap["impact_minor"]


def read(expected):
    for one in expected.split(";"):
        name, difference, since, impact = one.split()
        yield *name.split("/"), minor(difference), since, minor(impact)


@pytest.mark.parametrize(("sold", "billed", "customer", "expected"), list(cases()))
def test_drawn(sold, billed, customer, expected):
    found = found_in(company(sold, billed, customer))
    gaps = sorted(told(gap) for gap in found.gaps.iter_rows(named=True))
    if expected.startswith("none"):
        assert gaps == []
        lines = set(found.placement.filter(placed_in="bridge")["line"])
        assert lines == set(expected.split()[1:])
    else:
        assert gaps == sorted(read(expected))
        assert found.gaps["explanation"].str.contains("Account|Customer").all()
        assert found.gaps["suggested_correction"].str.contains("^(Stripe|Salesforce|Finance): .*[.]$").all()


def only(found):
    assert found.gaps.height == 1, found.gaps["cause"].to_list()
    return found.gaps.row(0, named=True)


def parts(found):
    return dict(found.gap_components.select("component", "amount_minor").iter_rows())


def test_1400_against_1200_is_200_or_14_29_per_cent():
    gap = only(found_in(company("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01")))
    assert (gap["crm_mrr_minor"], gap["billing_mrr_minor"], gap["difference_minor"]) == (140_000, 120_000, 20_000)
    assert round(gap["difference_pct"], 2) == 14.29
    assert gap["annualised_minor"] == 240_000
    assert gap["age_days"] == 244
    assert (gap["direction"], gap["correct_in"], gap["owner_team"]) == ("under_billed", "undecided", "Finance")


MATERIAL = """
99.99 of 1,000 is below 100            | o1 1,099.99 2026-03-01.. | s1 1,000 2026-03-01 | no
100.00 of 1,100                        | o1 1,100 2026-03-01..    | s1 1,000 2026-03-01 | yes
4.9 % of 2,500                         | o1 2,500 2026-03-01..    | s1 2,377.50 2026-03-01 | no
5 % of 2,500                           | o1 2,500 2026-03-01..    | s1 2,375 2026-03-01 | yes
2 % of more than 10,000                | o1 10,001 2026-03-01..   | s1 9,800 2026-03-01 | yes
3 % of 10,000 itself                   | o1 10,000 2026-03-01..   | s1 9,700 2026-03-01 | no
late by 99.99                          | o1 310 2026-03-01..      | s1 310 2026-03-10 | no
late by 100.00                         | o1 310 2026-03-01..      | s1 310 2026-03-11 | yes
a small phantom                        | o1 5 2026-03-01..        | s1 5 2026-03-01 ended=2026-10-01 | yes
a small contract nobody bills          | o1 5 2026-03-01..        | | yes
"""


@pytest.mark.parametrize(
    "line",
    [pytest.param(line, id=line.split("|")[0].strip().replace(" ", "-")) for line in MATERIAL.strip().splitlines()],
)
def test_what_is_material(line):
    _, sold, billed, expected = (part.strip() for part in line.split("|"))
    assert only(found_in(company(sold, billed)))["material"] is (expected == "yes")


@pytest.mark.parametrize(("amount", "expected"), [("500", False), ("500.01", True)])
def test_an_orphan_is_material_above_500(amount, expected):
    assert only(found_in(company("", f"s1 {amount} 2026-03-01", "unlinked")))["material"] is expected


AGED = """
missing, six days            | o1 310 2026-10-25.. | | in_window
missing, seven days          | o1 310 2026-10-24.. | | timing
missing, fourteen days       | o1 310 2026-10-17.. | | open
amount, one day              | o1 310 2026-10-30.. | s1 280 2026-10-30 | in_window
amount, two days             | o1 310 2026-10-29.. | s1 280 2026-10-29 | open
trial still running          | o1 310 2026-10-20.. | s1 310 2026-10-20 trial=2026-11-20 | timing
phantom, on the day          | o1 310 2026-01-01.. | s1 310 2026-01-01 ended=2026-10-31 | in_window
phantom, the day after       | o1 310 2026-01-01.. | s1 310 2026-01-01 ended=2026-10-30 | open
failed payment, on the day   | o1 310 2026-01-01.. | s1 310 2026-01-01 ended=2026-10-31 status=unpaid | open
"""


@pytest.mark.parametrize(
    "line", [pytest.param(line, id=line.split("|")[0].strip().replace(" ", "-")) for line in AGED.strip().splitlines()]
)
def test_when_a_gap_is_too_young(line):
    _, sold, billed, state = (part.strip() for part in line.split("|"))
    assert only(found_in(company(sold, billed)))["state"] == state


def test_a_yearly_amount_keyed_as_monthly():
    tables = company("o1 12,000 2026-09-01..2027-08-31 amount_basis=monthly", "s1 1,000 2026-09-01")
    tables["contracts"] = tables["contracts"].with_columns(amount_minor=1_200_000)
    found = found_in(tables)
    assert only(found)["cause"] == "amount_basis"
    assert parts(found) == {"amount_basis": 1_100_000}
    assert (only(found)["direction"], only(found)["correct_in"]) == ("crm_overstated", "salesforce")


def worksheet(gross, discount=0, tax=0):
    steps = {"gross_monthly": gross, "item_discount_monthly": 0, "discount_monthly": discount, "tax_monthly": tax}
    return [
        {"side": "billing", "record_id": "s1", "currency": "USD", "parts": 1, "net_monthly": gross - discount - tax}
        | steps
    ]


def test_a_coupon_that_the_contract_lacks_counts_with_its_whole_amount():
    coupon = {"owner_id": "s1", "owner": "subscription", "position": 1, "start_on": "2026-06-15"}
    tables = company(
        "o1 1,000 2026-03-01..2027-02-28",
        "s1 850 2026-03-01",
        mrr_worksheet=worksheet(100_000, discount=15_000),
        discounts=[coupon],
    )
    found = found_in(tables)
    assert parts(found) == {"discount": 15_000}
    gap = only(found)
    assert (gap["cause"], gap["direction"], str(gap["diverged_on"])) == ("discount", "under_billed", "2026-06-15")


def test_twenty_per_cent_off_in_a_note_that_stripe_lacks():
    tables = company("o1 800 2026-03-01..2027-02-28", "s1 1,000 2026-03-01")
    tables["contracts"] = tables["contracts"].with_columns(note=pl.lit("20 % off agreed with the CFO"))
    found = found_in(tables)
    assert parts(found) == {"discount": -20_000}
    assert only(found)["direction"] == "over_billed"


def billed_monthly(*amounts):
    """Ordinary invoice lines of s1, one a month from March 2026."""
    months = [f"2026-{month:02}-01" for month in range(3, 3 + len(amounts))]
    return {
        "subscription_items": [
            {"item_id": "si", "subscription_id": "s1", "currency": "USD", "interval": "month", "interval_count": 1}
        ],
        "invoices": [{"invoice_id": f"in_{day}", "currency": "USD", "status": "paid"} for day in months],
        "invoice_lines": [
            {"line_id": f"il_{day}", "invoice_id": f"in_{day}", "subscription_id": "s1", "item_id": "si", "currency": "USD",
             "amount_minor": amount, "period_start_on": day}
            for day, amount in zip(months, amounts, strict=True)
        ],
    }  # fmt: skip


def test_seats_added_after_the_contract_are_an_expansion_since_their_event():
    event = {"event_id": "evt", "type": "customer.subscription.updated", "object_id": "s1", "created_on": "2026-05-17"}
    billed = billed_monthly(100_000, 100_000, 100_000, 125_000, 125_000)
    found = found_in(
        company(
            "o1 1,000 2026-03-01..2027-02-28",
            "s1 1,250 2026-03-01",
            mrr_worksheet=worksheet(125_000),
            events=[event | {"changed": ["items"]}],
            **billed,
        )
    )
    assert parts(found) == {"expansion": -25_000}
    gap = only(found)
    assert (gap["cause"], str(gap["diverged_on"]), gap["correct_in"]) == ("expansion", "2026-05-17", "salesforce")
    assert "evt" in gap["evidence"]


def test_seats_added_that_an_opportunity_answers_are_no_expansion():
    billed = billed_monthly(100_000, 100_000, 100_000, 125_000, 125_000)
    found = found_in(
        company(
            "o1 1,000 2026-03-01..2027-02-28 names=s1; o2 250 2026-06-01..2027-02-28 kind=expansion names=s1",
            "s1 1,300 2026-03-01",
            mrr_worksheet=worksheet(130_000),
            **billed,
        )
    )
    assert parts(found) == {"expansion": -5_000}


def test_the_rest_is_tax_when_it_equals_the_tax_on_the_invoices():
    billed = billed_monthly(100_000, 100_000)
    billed["invoice_lines"] = [line | {"tax_minor": 19_000} for line in billed["invoice_lines"]]
    found = found_in(
        company("o1 1,190 2026-03-01..2027-02-28", "s1 1,000 2026-03-01", mrr_worksheet=worksheet(100_000), **billed)
    )
    assert parts(found) == {"tax": 19_000}


@pytest.mark.parametrize("tie", ["names=o1", ""], ids=["tied by id", "of the right amount"])
def test_a_part_that_ended_is_a_cancellation_of_the_group(tie):
    tables = company(
        "o1 1,700 2026-03-01..2027-02-28",
        f"s1 1,200 2026-03-01 {tie}; s2 0 2026-03-01 {tie} ended=2026-09-23",
        mrr_worksheet=[*worksheet(120_000), worksheet(50_000)[0] | {"record_id": "s2"}],
    )
    found = found_in(tables)
    gap = only(found)
    assert parts(found) == {"cancellation": 50_000}
    assert gap["subscription_ids"] == ["s1", "s2"]
    assert str(gap["diverged_on"]) == "2026-09-23"


def test_a_partial_refund_is_a_gap_without_a_monthly_difference():
    found = found_in(
        company(
            "o1 1,000 2026-03-01..2027-02-28",
            "s1 1,000 2026-03-01",
            invoices=[
                {"invoice_id": "in", "subscription_id": "s1", "currency": "USD", "tax_minor": 0, "total_minor": 100_000}
            ],
            charges=[{"charge_id": "ch", "invoice_id": "in", "currency": "USD", "amount_minor": 100_000}],
            refunds=[
                {
                    "refund_id": "re1",
                    "charge_id": "ch",
                    "currency": "USD",
                    "amount_minor": 30_000,
                    "created_on": "2026-08-12",
                },
            ],
        )
    )
    gap = only(found)
    assert (gap["cause"], gap["difference_minor"], gap["impact_minor"]) == ("refund_or_credit", 0, 30_000)
    assert str(gap["diverged_on"]) == "2026-08-12"
    assert found.gap_components.is_empty()


def test_a_gap_keeps_its_id_when_amounts_and_dates_change():
    before = only(found_in(company("o1 1,400 2026-03-01..", "s1 1,200 2026-03-01")))
    after = only(found_in(company("o1 1,500 2026-02-01..", "s1 1,200 2026-02-01")))
    assert before["gap_id"] == after["gap_id"]
    assert before["difference_minor"] != after["difference_minor"]


def test_a_wrong_figure_leaves_a_residual():
    """A bridge with one figure broken does not add up, and the control says so."""
    found = found_in(company("o1 1,400 2026-03-01..", "s1 1,200 2026-03-01"))
    amount = pl.when(pl.col("line_no") == 2).then(pl.col("amount_minor") + 1).otherwise("amount_minor")
    assert bridge_control(found.bridge).passes
    assert not bridge_control(found.bridge.with_columns(amount_minor=amount)).passes


def test_explaining_a_subscription_names_link_pairing_place_and_correction():
    tables = company("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01", mrr_worksheet=worksheet(120_000))
    found = found_in(tables)
    books = tables | found.tables
    empty = {name: TABLES[name].empty() for name in ("mrr_worksheet_parts", "quarantine", "excluded")}
    for record in ("s1", "o1", "acc", "cus", found.gaps["gap_id"][0]):
        told = explain(record, lambda name: (books | empty)[name].lazy())
        assert any(record in sentence for sentence in told[:1]), told
        assert any(found.gaps["gap_id"][0] in sentence for sentence in told), told
    assert explain("nobody", lambda name: (books | empty)[name].lazy()) == []
