"""The truth of the test world: complete, tied to the cent, and equal to the worked cases of the spec."""

import csv
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tests.causes import CAUSES
from tests.world import FAULTS, HARD_NEGATIVES, World, build_world
from tests.world.dates import accrue, half_up
from tests.world.pricing import Price, PriceList, Tier
from tests.world.reader import objects, rows, subscription_facts
from tests.world.salesforce_objects import Deal
from tests.world.truth import contract_value, story_gaps, story_mrr, subscription_mrr

AS_OF = date(2026, 10, 31)
SAMPLE = Path(__file__).parents[2] / "data" / "sample"
WITHOUT_GAP = {"grace", "stopping_after_churn"}  # a difference that is a line of the bridge, not a gap


# -- truth -----------------------------------------------------------------------------------------------


def test_every_family_and_cause_is_planted(world: World) -> None:
    planted = defaultdict(set)
    for gap in world.truth.gaps:
        planted[gap.family].add(gap.cause)
    assert planted == CAUSES
    assert {gap.plant for gap in world.truth.gaps} == set(FAULTS)
    assert {gap.state for gap in world.truth.gaps} == {"open", "timing", "in_window"}
    told = {story.plant for story in world.stories}
    assert told >= set(HARD_NEGATIVES)


@pytest.mark.parametrize(
    ("seed", "as_of", "ids"), [(1, AS_OF, "none"), (2, date(2026, 9, 17), "all"), (3, date(2026, 2, 28), "some")]
)
def test_what_is_no_gap_ties(seed: int, as_of: date, ids: str) -> None:
    for story in build_world(seed, 220, as_of, ids=ids).stories:  # type: ignore[arg-type]
        if story.plant in WITHOUT_GAP:
            continue
        mrr = story_mrr(story)
        crm, billing = (sum(row.mrr_reporting_minor for row in mrr if row.side == side) for side in ("crm", "billing"))
        explained = sum(gap.difference_minor for gap in story_gaps(story))
        assert abs(crm - billing - explained) <= 100, (story.plant, story.index)


def test_components_sum_to_their_difference(world: World) -> None:
    split = [gap for gap in world.truth.gaps if gap.family == "amount_mismatch" and gap.difference_minor]
    for gap in split:
        assert sum(amount for _, amount in gap.components) == gap.difference_minor, gap.plant
        assert gap.cause == max(gap.components, key=lambda part: abs(part[1]))[0]


def test_the_snapshot_says_what_the_truth_rests_on(world: World, pulls: dict[str, Path]) -> None:
    said = {own["id"]: subscription_facts(own)[0] for own in objects(pulls["new"], "subscriptions")}
    for row in world.truth.mrr:
        if row.side == "billing":
            assert row.record_id in said
            assert not row.mrr_minor or said[row.record_id] in {"active", "past_due"}
    won = {row["Id"] for row in rows(pulls["new"], "Opportunity") if row["IsWon"] == "true"}
    assert {row.record_id for row in world.truth.mrr if row.side == "crm"} == won


def test_explicit_ids_follow_the_mode(tmp_path: Path) -> None:
    for ids in ("none", "all"):
        world = build_world(5, 80, faults={}, ids=ids)
        world.render(tmp_path / ids, shape="new")
        named = {row["Stripe_Customer_ID__c"] for row in rows(tmp_path / ids, "Account")} - {""}
        named |= {own["id"] for own in objects(tmp_path / ids, "customers") if own["metadata"]}
        linked = {link.customer_id for link in world.truth.links if link.account_id}
        merged = {link.customer_id for link in world.truth.links if link.how == "id"}
        assert named == (merged if ids == "none" else linked)


def test_test_mode_leaves_no_trace_in_the_truth(world: World, pulls: dict[str, Path]) -> None:
    test_customers = {own["id"] for own in objects(pulls["new"], "customers") if not own["livemode"]}
    assert len(test_customers) == 1
    assert not test_customers & {link.customer_id for link in world.truth.links}


def test_the_sample_truth_is_readable() -> None:
    with (SAMPLE / "truth" / "gaps.csv").open(encoding="utf-8", newline="") as opened:
        gaps = list(csv.DictReader(opened))
    assert 35 <= len(gaps) <= 50
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 4_000_000


# -- worked cases of the spec ------------------------------------------------------------------------------


def listed(unit: Fraction | int, interval: str, **fields: object) -> Price:
    product = PriceList(0).products["platform"]
    return Price("price_test", product, "USD", Fraction(unit), interval, **fields)  # type: ignore[arg-type]


def test_worked_prices() -> None:
    assert listed(120_000, "year").monthly(1) == 10_000
    assert listed(60_000, "year").monthly(50) + listed(10_000, "month").monthly(100) == 1_250_000
    tiers = (Tier(10, Fraction(1_000)), Tier(None, Fraction(800), 500))
    assert listed(0, "month", tiers=tiers, tiers_mode="graduated").monthly(15) == 14_500
    assert half_up(listed(Fraction(1, 2), "month").monthly(1_001)) == 501
    assert listed(2_300, "week").monthly(1) == Fraction(2_300 * 52, 12)
    assert listed(700, "month", divide_by=10).monthly(21) == 2_100


def test_worked_accrual() -> None:
    assert half_up(accrue(Fraction(120_000), date(2026, 3, 1), date(2026, 3, 8))) == 27_097
    whole = accrue(Fraction(120_000), date(2025, 11, 17), date(2026, 11, 17))
    assert half_up(whole) == 1_440_000
    assert half_up(Fraction(-5, 2)) == -3


def story_deal(world: World, plant: str) -> tuple[Deal, date]:
    story = next(story for story in world.stories if story.plant == plant)
    return story.deals[0], story.as_of


def test_worked_contracts(world: World) -> None:
    deal, as_of = story_deal(world, "ten_month_term")
    assert deal.timeline.newest.amount == 12_000_000
    assert contract_value(deal, as_of) == 1_000_000
    assert (deal.end or as_of) < date(2027, 4, 1)
    deal, as_of = story_deal(world, "repeating_coupon_ended")
    assert deal.discount_end is not None
    after = contract_value(deal, deal.discount_end + timedelta(days=1))
    assert contract_value(deal, deal.discount_end) == after * Fraction(4, 5)
    assert after == Fraction(25 * 7_900)


def test_worked_subscriptions(world: World) -> None:
    for plant, expected in (("tax_inclusive_price", 90_000), ("graduated_price", 14_500), ("annual_prepaid", 400_000)):
        story = next(story for story in world.stories if story.plant == plant)
        assert subscription_mrr(story.billers[0].subscription, story.as_of) == expected
