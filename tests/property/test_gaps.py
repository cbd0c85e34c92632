"""What must hold for every company: nothing disappears, the order of rows is nothing, and one customer's gaps are its own."""

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon_kit.gaps.pairing import pairing
from recon_kit.gaps.pairing.assignment import assign
from recon_kit.gaps.pairing.pairing_search import Limits, Record, Unit, pair_unit
from tests.sold_and_billed import company, found_in

LIMITS = Limits(tolerance=100, pair_pct=30 * 10**6, date_days=3)
AMOUNTS = st.sampled_from(["100", "100.60", "200", "300", "301.50", "500", "700", "1,000"])
STARTS = st.sampled_from(["2026-03-01", "2026-03-03", "2026-03-09", "2026-10-20"])
ENDS = st.sampled_from(["", "2027-02-28", "2026-10-29", "2026-09-30"])
STOPS = st.sampled_from(
    ["", "", "", "ended=2026-10-22", "paused=2026-10-21", "trial=2026-11-20", "stops=2026-12-01", "at_period_end=1"]
)
KINDS = st.sampled_from(["", "", "kind=renewal", "kind=expansion", "known=no", "elsewhere=1"])


@st.composite
def units(draw, number):
    """One unit's records as drawn text: contracts of an account, subscriptions of its customer, some tied by id."""
    sold, billed = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    contracts, subscriptions = [], []
    for i in range(sold):
        names = f"names=s{number}{draw(st.integers(0, 2))}" if draw(st.booleans()) and draw(st.booleans()) else ""
        text = f"o{number}{i} {draw(AMOUNTS)} {draw(STARTS)}..{draw(ENDS)} {draw(KINDS)} {names}"
        contracts.append(f"{text} of=acc{number}")
    for i in range(billed):
        known = "known=no" if draw(st.integers(0, 9)) == 0 else ""
        subscriptions.append(f"s{number}{i} {draw(AMOUNTS)} {draw(STARTS)} {draw(STOPS)} {known} of=cus{number}")
    return contracts, subscriptions


@st.composite
def companies(draw):
    found = [draw(units(number)) for number in range(draw(st.integers(1, 5)))]
    contracts = [text for unit in found for text in unit[0]]
    subscriptions = [text for unit in found for text in unit[1]]
    return "; ".join(contracts), "; ".join(subscriptions), draw(st.sampled_from(["", "", "churned=2026-10-01"]))


SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(companies(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(drawn, random):
    tables = company(*drawn)
    shuffled = {
        name: frame.sample(fraction=1, shuffle=True, seed=random.randrange(2**31)) for name, frame in tables.items()
    }
    there, back = found_in(tables), found_in(shuffled)
    for name, frame in there.tables.items():
        assert frame.equals(back.tables[name]), name


@SLOW
@given(companies())
def test_nothing_disappears(drawn):
    """Every control of the room ties (checked by found_in), every record with MRR has one place, impacts are never negative."""
    tables = company(*drawn)
    found = found_in(tables)
    for side, name, key in (("crm", "contracts", "opportunity_id"), ("billing", "subscriptions", "subscription_id")):
        with_mrr = tables[name].filter(pl.col("mrr_reporting_minor") != 0)[key]
        placed = found.placement.filter(side=side)["record_id"]
        assert set(with_mrr) <= set(placed)
        assert placed.n_unique() == placed.len()
    in_gaps = set(found.gaps["opportunity_ids"].explode()) | set(found.gaps["subscription_ids"].explode())
    in_pairs = set(found.pairs["opportunity_ids"].explode()) | set(found.pairs["subscription_ids"].explode())
    assert not (in_gaps & in_pairs) - {None}
    assert (found.gaps["impact_minor"] >= 0).all()
    assert (found.gaps["age_days"] >= 0).all()
    assert found.gaps["gap_id"].n_unique() == found.gaps.height


@SLOW
@given(companies())
def test_a_customer_that_ties_changes_no_other_gap(drawn):
    sold, billed, _ = drawn
    before = found_in(company(sold, billed))
    more = company(f"{sold}; ox 420 2026-03-01.. of=accx", f"{billed}; sx 420 2026-03-01 of=cusx")
    after = found_in(more)
    assert before.gaps.equals(after.gaps)
    assert before.gap_components.equals(after.gap_components)
    assert after.pairs.height == before.pairs.height + 1


def records(prefix):
    made = st.builds(
        Record, st.just(""), st.sampled_from([100, 150, 5_000, 5_060, 6_000, 10_000, 11_000, 20_000]), st.integers(0, 9)
    )
    return st.lists(made, max_size=4).map(
        lambda found: [Record(f"{prefix}{i}", one.amount, one.start) for i, one in enumerate(found)]
    )


def as_sets(pairings):
    return sorted(
        (one.rule, sorted(x.record_id for x in one.contracts), sorted(x.record_id for x in one.subscriptions))
        for one in pairings
    )


@settings(max_examples=300, deadline=None)
@given(records("o"), records("s"), st.randoms(use_true_random=False))
def test_pairing_a_unit_is_deterministic_and_uses_each_record_once(contracts, subscriptions, random):
    there = pair_unit(Unit("u", list(contracts), list(subscriptions)), LIMITS)
    back = pair_unit(
        Unit("u", random.sample(contracts, len(contracts)), random.sample(subscriptions, len(subscriptions))), LIMITS
    )
    assert as_sets(there) == as_sets(back)
    used = [one.record_id for pairing in there for one in (*pairing.contracts, *pairing.subscriptions)]
    assert len(used) == len(set(used))
    left = {one.record_id[0] for one in (*contracts, *subscriptions)} - {None}
    free = {one[0] for one in ({x.record_id for x in (*contracts, *subscriptions)} - set(used))}
    assert len(free) < 2 or not left, "what is left on both sides is one group"


@settings(max_examples=300, deadline=None)
@given(records("o"), records("s"))
def test_the_assignment_has_most_pairs_at_the_least_difference(left, right):
    chosen = assign(left, right, LIMITS.pair_pct)
    found = (
        -len(chosen),
        sum(abs(a.amount - b.amount) for a, b in chosen),
        sum(abs(a.start - b.start) for a, b in chosen),
    )
    assert found == min(every_assignment(left, right))


def every_assignment(left, right):
    """Every way to pair close records, as (pairs, difference, days): the brute force that the assignment must equal."""
    if not left:
        return [(0, 0, 0)]
    first, rest = left[0], left[1:]
    ways = list(every_assignment(rest, right))
    for other in right:
        larger = max(first.amount, other.amount)
        if abs(first.amount - other.amount) * 100 <= 30 * larger:
            others = [one for one in right if one is not other]
            size, days = abs(first.amount - other.amount), abs(first.start - other.start)
            ways += [(n - 1, d + size, s + days) for n, d, s in every_assignment(rest, others)]
    return ways


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(records("o"), records("s")), min_size=1, max_size=6))
def test_pairing_at_once_equals_the_search_unit_by_unit(drawn):
    rows = [
        (side, f"{one.record_id}@{number}", f"u{number}", one.amount, one.start, True)
        for number, both in enumerate(drawn)
        for side, found in zip(("crm", "billing"), both, strict=True)
        for one in found
    ]
    schema = {
        "side": pl.String,
        "record_id": pl.String,
        "unit_id": pl.String,
        "amount": pl.Int64,
        "start": pl.Int64,
        "is_unit_comparable": pl.Boolean,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    edges = pl.DataFrame(schema={"contract": pl.String, "subscription": pl.String})
    at_once = pairing.pair_records(
        frame.with_columns(start_on=pl.col("start").cast(pl.Int32).cast(pl.Date)), edges, LIMITS
    )
    one_by_one = pairing._searched(frame.with_columns(component=pl.lit(None, dtype=pl.String)), LIMITS)
    key = ["unit_id", "pairing_id", "side", "record_id"]
    assert at_once.sort(key).equals(one_by_one.sort(key))
