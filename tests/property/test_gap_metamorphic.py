"""What a change of the company, or of the day, must change in the gaps, and what it must not."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hand_made import AS_OF
from tests.property.test_gaps import companies
from tests.raw_company import Snapshot, found_in_raw
from tests.side_by_side import side_by_side
from tests.sold_and_billed import company, found_in
from tests.spec import test_gap_boundaries as boundaries
from tests.spec import test_gap_compounds as compounds

FIGURES = ["family", "cause", "state", "material", "crm_mrr_minor", "billing_mrr_minor", "difference_minor", "diverged_on",
           "age_days", "impact_minor", "direction"]  # fmt: skip

FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def every_boundary():
    """All drawn companies of the boundary table as one."""
    return side_by_side([company(*case.values[:3]) for case in boundaries.CASES])


# -- a customer that ties ---------------------------------------------------------------------------------

PERFECT = [
    ("ox 420 2026-03-01.. of=accx", "sx 420 2026-03-01 of=cusx"),
    ("ox 420 2026-03-01.. of=accx", "sx 300 2026-03-01 of=cusx; sy 120 2026-03-01 of=cusx"),
    ("ox 300 2026-03-01.. of=accx; oy 120 2026-06-01.. of=accx", "sx 420 2026-03-01 of=cusx"),
    ("ox 420 2026-03-01.. of=accx", "sx 420 2026-03-01 ended=2026-05-01 of=cusx; sy 420 2026-05-10 of=cusx"),
    ("ox 420 2026-03-01.. names=sx of=accx", "sx 420 2026-03-03 of=cusx"),
]


@FEW
@given(companies(), st.sampled_from(PERFECT))
def test_a_customer_that_ties_changes_no_gap(drawn, perfect):
    sold, billed, _ = drawn
    before = found_in(company(sold, billed))
    after = found_in(company(f"{sold}; {perfect[0]}", f"{billed}; {perfect[1]}"))
    assert before.gaps.equals(after.gaps)
    assert before.gap_components.equals(after.gap_components)
    assert after.pairs.height == before.pairs.height + 1
    between = [bridge.slice(1, bridge.height - 2)["amount_minor"].to_list() for bridge in (before.bridge, after.bridge)]
    assert between[0] == between[1]


def test_a_customer_that_ties_changes_no_gap_of_the_compound_faults(tmp_path):
    found = []
    for name in ("without", "with"):
        drawn = Snapshot()
        for number, case in enumerate(compounds.CASES):
            drawn.add(number, *case.values[:2])
        if name == "with":
            drawn.add(
                900, "o1 1,000 2026-03-01..2027-02-28", "s1 700 2026-03-01; s2 300 2026-03-01 then=300@2026-05-01"
            )
        found.append(found_in_raw(drawn.write(tmp_path / name)))
    assert found[0].gaps.equals(found[1].gaps)
    assert found[0].gap_components.equals(found[1].gap_components)


# -- ten companies ------------------------------------------------------------------------------------------


def figures(gaps, times=1):
    """What every gap says but its ids, sorted; each row as often as there are companies."""
    return sorted(row for row in gaps.select(FIGURES).rows() for _ in range(times))


def sums(findings, times=1):
    return {row[:-1]: row[-1] * times for row in findings.bridge.select("label", "amount_minor").rows()}


@FEW
@given(companies())
def test_ten_companies_have_ten_times_the_gaps(drawn):
    one = company(*drawn)
    alone, together = found_in(one), found_in(side_by_side([one] * 10))
    assert figures(together.gaps) == figures(alone.gaps, times=10)
    assert together.gaps["gap_id"].n_unique() == together.gaps.height
    assert sums(together) == sums(alone, times=10)
    assert together.pairs.height == 10 * alone.pairs.height
    parts = [
        sorted(row for row in found.gap_components.select("component", "amount_minor").rows() for _ in range(times))
        for found, times in ((together, 1), (alone, 10))
    ]
    assert parts[0] == parts[1]


def test_ten_times_every_boundary_has_ten_times_the_gaps():
    one = every_boundary()
    alone, together = found_in(one), found_in(side_by_side([one] * 10))
    assert alone.gaps.height > 50
    assert figures(together.gaps) == figures(alone.gaps, times=10)
    assert sums(together) == sums(alone, times=10)


def test_the_order_of_rows_is_nothing_in_a_company_of_every_boundary():
    one = every_boundary()
    there = found_in(one)
    for seed in (1, 2):
        shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in one.items()}
        back = found_in(shuffled)
        for name, frame in there.tables.items():
            assert frame.equals(back.tables[name]), name


# -- a day later --------------------------------------------------------------------------------------------

STANDING = ["family", "crm_mrr_minor", "billing_mrr_minor", "difference_minor", "diverged_on", "opportunity_ids",
            "subscription_ids", "annualised_minor", "direction", "correct_in", "owner_team"]  # fmt: skip


def a_day(monthly, day):
    """What a monthly amount is worth on one day, exactly."""
    following = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return Fraction(abs(monthly), (following - day.replace(day=1)).days)


def by_id(gaps):
    return {gap["gap_id"]: gap for gap in gaps.iter_rows(named=True)}


def assert_a_day_explains(earlier, later, today):
    """Of one gap, today and yesterday: it is a day older, and a day's money more, unless the money has stopped."""
    for name in STANDING:
        assert earlier[name] == later[name], name
    assert later["age_days"] - earlier["age_days"] == (1 if earlier["diverged_on"] < today else 0)
    more = later["impact_minor"] - earlier["impact_minor"]
    runs_on = later["difference_minor"] != 0 and earlier["diverged_on"] <= today
    if runs_on:
        assert abs(more - a_day(later["difference_minor"], today)) <= 1
    elif later["family"] == "date_misalignment":
        larger = max(later["crm_mrr_minor"], later["billing_mrr_minor"])
        assert 0 <= more <= a_day(larger, today) + 1
    else:
        assert more == 0
    if earlier["cause"] != later["cause"]:
        assert (earlier["cause"], later["cause"], later["age_days"]) == ("timing_lag", "handoff_missed", 14)
    ways = {("in_window", "open"), ("in_window", "timing"), ("timing", "open")}
    assert earlier["state"] == later["state"] or (earlier["state"], later["state"]) in ways


def assert_only_a_day_passed(tables):
    """The same tables looked at a day later: gaps come and go by the grace of three days and the look-back alone."""
    tomorrow = AS_OF + dt.timedelta(days=1)
    today, later = by_id(found_in(tables).gaps), by_id(found_in(tables, as_of=tomorrow).gaps)
    for gap_id in today.keys() & later.keys():
        assert_a_day_explains(today[gap_id], later[gap_id], tomorrow)
    ends = dict(tables["contracts"].select("opportunity_id", "end_on").iter_rows())
    for gap_id in today.keys() - later.keys():
        gap = today[gap_id]
        assert gap["family"] == "missing_subscription"
        assert [ends[one] for one in gap["opportunity_ids"]] == [dt.date(2025, 10, 31)]
    for gap_id in later.keys() - today.keys():
        gap = later[gap_id]
        assert (gap["cause"], gap["age_days"]) == ("billing_past_end", 3)


@FEW
@given(companies())
def test_a_day_later_only_what_the_day_explains_has_changed(drawn):
    assert_only_a_day_passed(company(*drawn))


def test_a_day_later_every_boundary_has_moved_by_a_day():
    assert_only_a_day_passed(every_boundary())


# From raw files everything is valued anew: what each day alone does to a company.
DAYS = """
a contract begins          | o1 310 2026-10-20..2027-10-19 CloseDate=2026-09-15 | s1 310 2026-10-17 | 2026-10-17 none not_yet_compared; 2026-10-19 none not_yet_compared; 2026-10-20 none
a missing one grows old    | o1 310 2026-10-01..2027-09-30 | | 2026-10-07 timing_lag in_window; 2026-10-08 timing_lag timing; 2026-10-14 timing_lag timing; 2026-10-15 handoff_missed open
a subscription ends        | o1 310 2026-03-01..2027-02-28 | s1 310 2026-03-01 ended=2026-10-10 | 2026-10-09 none; 2026-10-10 cancellation_not_in_crm in_window; 2026-10-11 cancellation_not_in_crm open
a contract ends            | o1 310 2025-10-15..2026-10-14 | s1 310 2025-10-15 | 2026-10-14 none; 2026-10-15 none grace; 2026-10-17 none grace; 2026-10-18 billing_past_end open
seats are added            | o1 310 2026-03-01..2027-02-28 | s1 310 2026-03-01 then=350@2026-10-10 | 2026-10-09 none; 2026-10-10 expansion in_window; 2026-10-11 expansion in_window; 2026-10-12 expansion open
a coupon begins            | o1 310 2026-03-01..2027-02-28 | s1 310 2026-03-01 coupon=31@2026-10-10..2026-10-20 | 2026-10-09 none; 2026-10-10 discount in_window; 2026-10-19 discount open; 2026-10-20 none
a renewal takes over       | o1 310 2025-10-20..2026-10-19; o2 400 2026-10-20..2027-10-19 Type=Renewal CloseDate=2026-09-01 | s1 310 2025-10-20 | 2026-10-19 none; 2026-10-20 unexplained in_window; 2026-10-22 unexplained open
"""
ROWS = [tuple(part.strip() for part in line.split("|")) for line in DAYS.strip().splitlines()]


WHEN = sorted({told.split()[0] for row in ROWS for told in row[3].split(";")})


@pytest.fixture(scope="module")
def through_october(tmp_path_factory):
    drawn = Snapshot()
    for number, (_, sold, billed, _) in enumerate(ROWS):
        drawn.add(number, sold, billed)
    return drawn.write(tmp_path_factory.mktemp("october"))


@pytest.mark.parametrize("day", WHEN)
def test_what_each_day_does(through_october, day):
    found = found_in_raw(through_october, as_of=dt.date.fromisoformat(day))
    for number, (title, *_, days) in enumerate(ROWS):
        drawn = [told.split() for told in days.split(";")]
        expected = [told[1:] for told in drawn if told[0] == day]
        gaps = found.gaps.filter(account_id=f"A{number}")
        told = [word for gap in gaps.iter_rows(named=True) for word in (gap["cause"], gap["state"])]
        placed = found.placement.filter(pl.col("record_id").str.ends_with(f"n{number}"), placed_in="bridge")
        for words in expected:
            assert told == ([] if words[0] == "none" else words), (title, day)
            assert set(placed["line"]) == (set(words[1:]) if words[0] == "none" else set()), (title, day)
