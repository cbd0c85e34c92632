"""Pairing inside a unit, in the order of spec 04; every choice is made by amounts, then starts, then ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations

from tests.reference.chains import Chains
from tests.reference.sides import Limits, Pairing, Side, Unpaired, days_apart, ids_of, total
from tests.reference.units import Unit

SEARCHED = 12


def pair_unit(unit: Unit, chains: Chains, limits: Limits) -> list[Pairing]:
    """Pair a unit's effective contracts with its live subscriptions; what stays free is in no pairing."""
    free = Unpaired(unit, chains, limits)
    pair_by_id(free)
    pair_equal(free)
    pair_sums(free)
    if unit.is_comparable:
        pair_split(free)
        pair_closest(free)
        if free.sold and free.billed:
            free.take("remainder", free.sold, free.billed)
    return free.pairings


def pair_by_id(free: Unpaired) -> None:
    """Rule 1: connected components over explicit ids, each joined by free records that make it tie."""
    components = list(id_components(free))
    tied = [one for sold, billed in components for one in (*sold, *billed)]
    for sold, billed in components:
        joined = completed(free, sold, billed, [*tied])
        free.take("explicit_id", *joined)


def id_components(free: Unpaired) -> Iterator[tuple[list[Side], list[Side]]]:
    waiting = list(free.sold)
    while waiting:
        contracts, subscriptions = [waiting.pop(0)], []
        grows = True
        while grows:
            more_billed = [
                s for s in free.billed if s not in subscriptions and any(free.names(c, s) for c in contracts)
            ]
            subscriptions += more_billed
            more_sold = [c for c in waiting if any(free.names(c, s) for s in subscriptions)]
            contracts += more_sold
            waiting = [c for c in waiting if c not in more_sold]
            grows = bool(more_billed or more_sold)
        if subscriptions:
            yield contracts, subscriptions


def completed(
    free: Unpaired, sold: list[Side], billed: list[Side], tied: Sequence[Side]
) -> tuple[list[Side], list[Side]]:
    """Add the free records of the smaller side that make up what it lacks, if some do."""
    lacking = total(sold) - total(billed)
    if abs(lacking) <= free.limits.tolerance:
        return sold, billed
    others = [one for one in (free.billed if lacking > 0 else free.sold) if one not in tied]
    if len(others) > SEARCHED:
        return sold, billed
    fits = [some for some in subsets(others, 1) if abs(total(some) - abs(lacking)) <= free.limits.tolerance]
    if not fits:
        return sold, billed
    earliest = min(sold, key=lambda one: one.start)
    best = min(fits, key=lambda some: (len(some), days_apart([earliest], some), ids_of(some)))
    return (sold, [*billed, *best]) if lacking > 0 else ([*sold, *best], billed)


def subsets(sides: Sequence[Side], smallest: int) -> Iterator[tuple[Side, ...]]:
    for size in range(smallest, len(sides) + 1):
        yield from combinations(sides, size)


def pair_equal(free: Unpaired) -> None:
    """Rule 2: one contract and one subscription of equal MRR, nearest starts first."""
    while True:
        equal = [(c, s) for c in free.sold for s in free.billed if free.ties([c], [s])]
        if not equal:
            return
        best = min(equal, key=lambda pair: (days_apart([pair[0]], [pair[1]]), pair[0].id, pair[1].id))
        free.take("equal_amount", [best[0]], [best[1]])


def pair_sums(free: Unpaired) -> None:
    """Rule 3: several of one side that sum to one of the other, or all that remain on both sides."""
    while len(free.sold) + len(free.billed) <= SEARCHED:
        found = sums_to_one(free, free.sold, free.billed) or sums_to_one(free, free.billed, free.sold)
        if found is None:
            break
        some, one = found
        free.take("sum", *((some, [one]) if one in free.billed else ([one], some)))
    if free.sold and free.billed and free.ties(free.sold, free.billed):
        free.take("total_only", free.sold, free.billed)


def sums_to_one(free: Unpaired, many: Sequence[Side], ones: Sequence[Side]) -> tuple[tuple[Side, ...], Side] | None:
    fits = [(some, one) for some in subsets(many, 2) for one in ones if free.ties(some, [one])]
    return min(
        fits, key=lambda fit: (len(fit[0]), days_apart(fit[0], [fit[1]]), ids_of(fit[0], [fit[1]])), default=None
    )


def pair_split(free: Unpaired) -> None:
    """Rule 4, first part: the one contract left was split over subscriptions that started with it."""
    if len(free.sold) != 1 or len(free.billed) < 2:
        return
    contract = free.sold[0]
    near = [one for one in free.billed if days_apart([contract], [one]) <= free.limits.date_days]
    if len(near) >= 2:
        free.take("split_contract", [contract], near)


def pair_closest(free: Unpaired) -> None:
    """Rule 4: most pairs, then least total difference, then nearest starts, then smallest ids."""
    for contract, subscription in closest(free.sold, free.billed, free.limits):
        free.take("closest_amount", [contract], [subscription])


Assignment = tuple[tuple[Side, Side], ...]


def closest(sold: Sequence[Side], billed: Sequence[Side], limits: Limits) -> Assignment:
    """The best of all ways to pair records that are close enough, contract by contract."""

    @cache
    def best(number: int, taken: frozenset[int]) -> Assignment:
        if number == len(sold):
            return ()
        contract = sold[number]
        ways = [best(number + 1, taken)]
        for order, other in enumerate(billed):
            if order not in taken and is_close(contract, other, limits):
                ways.append(((contract, other), *best(number + 1, taken | {order})))
        return min(ways, key=rank)

    return best(0, frozenset())


def is_close(one: Side, other: Side, limits: Limits) -> bool:
    return abs(one.amount - other.amount) * 100 <= limits.pair_pct * max(one.amount, other.amount)


def rank(pairs: Assignment) -> tuple[int, int, int, list[tuple[str, str]]]:
    difference = sum(abs(one.amount - other.amount) for one, other in pairs)
    days = sum(days_apart([one], [other]) for one, other in pairs)
    return -len(pairs), difference, days, [(one.id, other.id) for one, other in pairs]
