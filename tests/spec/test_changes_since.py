"""What changed since the close before (spec 08): a gap is news when its cause, its state, its records or dates are other.

Drawn: gap, cause, state, reporting difference, what its contract is worth in its own currency, the day it began.
"""

from typing import Any

import polars as pl
import pytest

from recon_kit import close
from tests.hand_made import minor, table

BEFORE = "a expansion open 100 1,000 2026-03-01"
SEEN = [
    ("nothing", BEFORE, None),
    ("the exchange rate alone", "a expansion open 104 1,000 2026-03-01", None),
    ("the contract's amount", "a expansion open 150 1,050 2026-03-01", "another amount a month"),
    ("the cause", "a discount open 100 1,000 2026-03-01", "Expansion not recorded → Discount on one side"),
    ("the state", "a expansion accepted 100 1,000 2026-03-01", "open → accepted"),
    ("the date", "a expansion open 100 1,000 2026-04-01", "a date or a record behind it"),
    (
        "the amount and the state",
        "a expansion timing 150 1,050 2026-03-01",
        "open → expected to clear; another amount a month",
    ),
]


def gaps_and_evidence(*drawn: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    gaps, contracts = [], []
    for line in drawn:
        key, cause, state, difference, own, day = line.split()
        gaps.append(_gap(key, cause, state, difference, day))
        contracts.append({"opportunity_id": f"opp_{key}", "mrr_minor": minor(own), "currency": "EUR"})
    found = table("gaps", gaps)
    return found, close.evidence_of_gaps(found, table("contracts", contracts), table("subscriptions", []))


def _gap(key: str, cause: str, state: str, difference: str, day: str) -> dict[str, Any]:
    return {
        "gap_id": f"gap_{key}",
        "family": "amount_mismatch",
        "cause": cause,
        "state": state,
        "opportunity_ids": [f"opp_{key}"],
        "difference_minor": minor(difference),
        "impact_minor": 0,
        "currency": "USD",
        "diverged_on": day,
    }


@pytest.mark.parametrize(("name", "now", "what"), SEEN, ids=[name for name, *_ in SEEN])
def test_what_makes_a_gap_changed(name: str, now: str, what: str | None) -> None:
    (before, told_before), (after, told) = gaps_and_evidence(BEFORE), gaps_and_evidence(now)
    found = close.changes_since(before, after, told_before, told)
    assert found.select("change", "what").rows() == ([("changed", what)] if what else []), name


def test_a_close_before_that_kept_no_evidence_is_compared_by_its_differences() -> None:
    before, _ = gaps_and_evidence(BEFORE)
    for now, number in ((BEFORE, 0), ("a expansion open 104 1,000 2026-03-01", 1)):
        after, told = gaps_and_evidence(now)
        assert close.changes_since(before, after, None, told).height == number


def test_gaps_before_and_new_without_gone_are_the_gaps_now() -> None:
    before, told_before = gaps_and_evidence(BEFORE, "b tax open 10 10 2026-03-01")
    after, told = gaps_and_evidence(BEFORE, "c tax open 10 10 2026-03-01", "d tax open 10 10 2026-03-01")
    found = close.changes_since(before, after, told_before, told)
    assert found.select("gap_id", "change", "what").rows() == [
        ("gap_b", "gone", None),
        ("gap_c", "new", None),
        ("gap_d", "new", None),
    ]


def test_the_day_of_a_churn_is_no_news_by_itself() -> None:
    """A churn that no date tells is dated by the close, another day each time."""
    drawn = [f"a cancellation_not_in_billing open 100 1,000 2026-0{month}-28" for month in (8, 9)]
    (before, _), (after, _) = (gaps_and_evidence(line) for line in drawn)
    churned = [gaps.with_columns(family=pl.lit("billing_after_churn")) for gaps in (before, after)]
    none = table("contracts", []), table("subscriptions", [])
    told = [close.evidence_of_gaps(gaps, *none) for gaps in churned]
    assert close.changes_since(churned[0], churned[1], told[0], told[1]).is_empty()
