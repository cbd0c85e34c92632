"""One-to-one pairing: the best of all ways, whichever of the two searches finds it."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_kit.gaps.pairing import assignment, wide_assignment

PCT = 10**6
MANY = settings(max_examples=200, deadline=None)


@dataclass(frozen=True)
class Record:
    amount: int
    start: int


records = st.lists(
    st.builds(Record, st.sampled_from([0, 50, 70, 90, 100, 101, 110, 130, 131]), st.integers(0, 4)), max_size=5
)


def best_of_all(left, right, tolerance_pct):
    """Every way there is, ranked by pairs, total difference, days apart, and the ids in their order."""
    close = {
        (i, j)
        for (i, one), (j, other) in itertools.product(enumerate(left), enumerate(right))
        if max(one.amount, other.amount) > 0
        and abs(one.amount - other.amount) * 100 * PCT <= tolerance_pct * max(one.amount, other.amount)
    }
    ways = [[]]
    for i in range(len(left)):
        ways += [
            [*way, (i, j)] for way in ways for j in range(len(right)) if (i, j) in close and j not in dict(flip(way))
        ]
    return min(ways, key=lambda way: (-len(way), *apart(way, left, right), way))


def flip(way):
    return [(j, i) for i, j in way]


def apart(way, left, right):
    yield sum(abs(left[i].amount - right[j].amount) for i, j in way)
    yield sum(abs(left[i].start - right[j].start) for i, j in way)


def paired(left, right, tolerance_pct):
    """The pairs that the search in whole numbers finds, as positions."""
    known = [list(enumerate(side)) for side in (left, right)]
    numbered = [[Numbered(number, one.amount, one.start) for number, one in side] for side in known]
    return [(one.number, other.number) for one, other in assignment.assign(*numbered, tolerance_pct)]


@dataclass(frozen=True)
class Numbered:
    number: int
    amount: int
    start: int


@MANY
@given(records, records, st.sampled_from([0, 10, 30, 100]))
def test_both_searches_find_the_best_way(left, right, pct):
    best = best_of_all(left, right, pct * PCT)
    assert paired(left, right, pct * PCT) == best
    if left and right:
        assert wide_assignment.assign_wide(left, right, pct * PCT) == best


@pytest.mark.parametrize(("rows", "columns"), [(60, 60), (40, 90), (90, 40)])
@pytest.mark.parametrize("kinds", [1, 6, 10_000])
def test_both_searches_agree_on_longer_lists(rows, columns, kinds):
    dice = random.Random(rows * columns + kinds)
    left, right = (
        [Record(10_000 + dice.randrange(kinds), dice.randrange(1 + kinds // 2)) for _ in range(length)]
        for length in (rows, columns)
    )
    assert wide_assignment.assign_wide(left, right, 30 * PCT) == paired(left, right, 30 * PCT)


def test_a_unit_of_a_thousand_records_a_side_is_paired():
    dice = random.Random(1)
    left, right = (
        [Record(dice.randrange(10_000, 200_000), dice.randrange(800)) for _ in range(1_000)] for _ in range(2)
    )
    pairs = paired(left, right, 30 * PCT)
    assert len(pairs) == len({i for i, _ in pairs}) == len({j for _, j in pairs}) == 1_000
    assert paired(right, left, 30 * PCT)
    assert sum(apart(flip(pairs), right, left)) == sum(apart(paired(right, left, 30 * PCT), right, left))


def test_amounts_too_large_for_the_wide_search_are_paired_all_the_same(monkeypatch):
    left = [Record(10**15 - 10**13 * number, number) for number in range(30)]
    right = [Record(10**15 - 10**13 * number, 0) for number in reversed(range(30))]
    with pytest.raises(wide_assignment.AmountsTooLargeError):
        wide_assignment.assign_wide(left, right, 30 * PCT)
    monkeypatch.setattr(assignment, "_WIDE", 0)
    assert paired(left, right, 30 * PCT) == [(number, 29 - number) for number in range(30)]
