"""The figures that a controller works out by hand, from raw files: the same to the cent."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.hand_made import minor
from tests.raw_company import Snapshot, found_in_raw


@pytest.fixture
def found(tmp_path):
    def of(sold, billed, as_of="2026-10-31", **rows):
        drawn = Snapshot()
        drawn.add(1, sold, billed, **rows)
        return found_in_raw(drawn.write(tmp_path / as_of), as_of=dt.date.fromisoformat(as_of))

    return of


def only(findings):
    (gap,) = findings.gaps.iter_rows(named=True)
    return gap


def test_1400_against_1200_is_200_or_14_29_per_cent_of_the_larger(found):
    gap = only(found("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01"))
    assert (gap["crm_mrr_minor"], gap["billing_mrr_minor"]) == (140_000, 120_000)
    assert (gap["difference_minor"], f"{gap['difference_pct']:.2f}") == (20_000, "14.29")
    assert gap["annualised_minor"] == 240_000
    assert (str(gap["diverged_on"]), gap["age_days"], gap["impact_minor"]) == ("2026-03-01", 244, 160_000)


def test_1_march_against_8_march_at_1200_is_270_97(found):
    late = only(found("o1 1,200 2026-03-01..2027-02-28", "s1 1,200 2026-03-08"))
    assert (late["family"], late["cause"], late["difference_minor"]) == ("date_misalignment", "late_start", 0)
    assert (str(late["diverged_on"]), late["impact_minor"], late["material"]) == ("2026-03-01", 27_097, True)
    assert (late["direction"], late["correct_in"], late["owner_team"]) == ("under_billed", "stripe", "Billing")


def test_8_march_against_1_march_is_the_same_money_the_other_way(found):
    early = only(found("o1 1,200 2026-03-08..2027-03-07", "s1 1,200 2026-03-01"))
    assert (early["cause"], early["impact_minor"], early["direction"]) == ("early_start", 27_097, "over_billed")


def test_500_euros_more_at_a_rate_that_moved_are_two_components_that_sum(found):
    """1,000 dollars were 1,000 euros at the close; now a euro is 1.20: 1,200 for the base, 600 for the expansion."""
    findings = found("o1 1,000 2026-03-01..2027-02-28", "s1 1,000 2026-03-01 currency=eur then=1,500@2026-05-17")
    gap = only(findings)
    assert (gap["crm_mrr_minor"], gap["billing_mrr_minor"], gap["difference_minor"]) == (100_000, 180_000, -80_000)
    parts = findings.gap_components.select("component", "amount_minor").rows()
    assert parts == [("currency", -20_000), ("expansion", -60_000)]
    assert (gap["cause"], str(gap["diverged_on"]), gap["correct_in"]) == ("expansion", "2026-05-17", "salesforce")
    assert gap["impact_minor"] == minor("4,387.10")  # 800 x (15/31 + 5)


TEN_MONTHS = """
month 1              | 2026-01-31 | 10,000.00 | none
month 5              | 2026-05-31 | 10,000.00 | none
its last day         | 2026-10-31 | 10,000.00 | none
three days later     | 2026-11-03 | 0.00      | none grace
four days later      | 2026-11-04 | 0.00      | -10,000.00 1,333.33
month 11             | 2026-11-30 | 0.00      | -10,000.00 10,000.00
month 12             | 2026-12-31 | 0.00      | -10,000.00 20,000.00
month 13             | 2027-01-31 | 0.00      | -10,000.00 30,000.00
"""
SOLD = {
    "an amount and a term": ("o1 100,000 2026-01-01.. basis=total Contract_Term_Months__c=10", {}),
    "an amount and an end": ("o1 100,000 2026-01-01..2026-10-31 basis=total", {}),
    "with 20,000 for implementation": (
        "o1 120,000 2026-01-01.. basis=total Contract_Term_Months__c=10",
        {
            "OpportunityLineItem": [
                {"Id": "L1", "OpportunityId": "o1n2", "Name": "Platform", "TotalPrice": "100000.00"},
                {
                    "Id": "L2",
                    "OpportunityId": "o1n2",
                    "Name": "Set-up",
                    "TotalPrice": "20000.00",
                    "ProductFamily": "Setup",
                },
            ]
        },
    ),
}


@pytest.fixture(scope="module")
def ten_months(tmp_path_factory):
    """The contract said in three ways, each by a company of its own."""
    drawn = Snapshot()
    for number, (sold, rows) in enumerate(SOLD.values()):
        drawn.add(number, sold, "s1 10,000 2026-01-01", **rows)
    return drawn.write(tmp_path_factory.mktemp("ten_months"))


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.split("|")[0].strip()) for row in TEN_MONTHS.strip().splitlines()]
)
def test_100000_over_ten_months_is_10000_a_month_and_billed_past_its_end_from_month_11(ten_months, row):
    _, as_of, mrr, expected = (part.strip() for part in row.split("|"))
    findings = found_in_raw(ten_months, as_of=dt.date.fromisoformat(as_of))
    bridge = findings.bridge
    assert (bridge["amount_minor"][0], bridge["amount_minor"][-1]) == (3 * minor(mrr), 3 * 1_000_000)
    if expected.startswith("none"):
        assert findings.gaps.is_empty()
        assert set(bridge.filter(family="none")["component"]) == set(expected.split()[1:])
        return
    assert findings.gaps.height == len(SOLD)
    for gap in findings.gaps.iter_rows(named=True):
        assert (gap["family"], gap["cause"]) == ("date_misalignment", "billing_past_end")
        assert [gap["difference_minor"], gap["impact_minor"]] == [minor(one) for one in expected.split()]
        assert (str(gap["diverged_on"]), gap["material"], gap["direction"]) == ("2026-11-01", True, "over_billed")


EQUAL = """
1,200 a year is 100 a month          | o1 1,200 2026-01-01..2026-12-31 basis=annual | s1 100 2026-01-01
for the whole of two years           | o1 24,000 2026-01-01..2027-12-31 basis=total | s1 1,000 2026-01-01
12,500 in seats and in platform      | o1 2,500 2026-01-01.. ; o2 10,000 2026-01-01..| s1 12,500 2026-01-01
signed on 29 February for a year     | o1 100 2024-02-29.. Contract_Term_Months__c=36 | s1 100 2024-02-29
"""


@pytest.mark.parametrize("row", [pytest.param(row, id=row.split("|")[0].strip()) for row in EQUAL.strip().splitlines()])
def test_the_same_value_said_differently_is_no_gap(found, row):
    _, sold, billed = (part.strip() for part in row.split("|"))
    findings = found(sold, billed)
    assert findings.gaps.is_empty()
    assert findings.pairs.height == 1
    assert findings.bridge["amount_minor"][0] == findings.bridge["amount_minor"][-1] > 0
