"""Pairing search: the few units with several contracts or subscriptions, one unit at a time.

Records are compared as whole minor units of the reporting currency. Every choice is made by (fewest records, nearest
starts, smallest ids), so that the order of rows does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from recon_kit.gaps.pairing.assignment import assign

EXPLICIT, EQUAL, SUM, TOTAL = "explicit_id", "equal_amount", "sum", "total_only"
SPLIT, CLOSEST, REMAINDER = "split_contract", "closest_amount", "remainder"
SEARCHED = 12
"""Most free records of a unit over which subsets are searched."""


@dataclass(frozen=True, order=True)
class Record:
    """One contract or subscription: its id, its committed MRR and the day its service starts (days since year 1)."""

    record_id: str
    amount: int
    start: int


@dataclass(frozen=True)
class Limits:
    """Policy values of pairing: minor units, millionths of a per cent, days."""

    tolerance: int
    pair_pct: int
    date_days: int


@dataclass
class Pairing:
    """Contracts and subscriptions compared as sums."""

    rule: str
    contracts: list[Record]
    subscriptions: list[Record]

    @property
    def difference(self) -> int:
        """Contracts less subscriptions, in minor units."""
        return _total(self.contracts) - _total(self.subscriptions)


@dataclass
class Unit:
    """What is free in a unit, and the components its explicit ids make."""

    unit_id: str
    contracts: list[Record] = field(default_factory=list)
    subscriptions: list[Record] = field(default_factory=list)
    components: dict[str, Pairing] = field(default_factory=dict)
    is_comparable: bool = True


def pair_unit(unit: Unit, limits: Limits) -> list[Pairing]:
    """Pair one unit by the five rules, in their order; records that stay alone are in no pairing."""
    search = _Search(sorted(unit.contracts), sorted(unit.subscriptions), limits)
    for _, component in sorted(unit.components.items()):
        search.complete(component)
    search.pair_equal()
    search.pair_sums()
    if unit.is_comparable:
        search.pair_split()
        search.pair_closest()
        search.group_rest()
    return [component for _, component in sorted(unit.components.items())] + search.found


@dataclass
class _Search:
    contracts: list[Record]
    subscriptions: list[Record]
    limits: Limits
    found: list[Pairing] = field(default_factory=list)

    def complete(self, component: Pairing) -> None:
        """Let free records that make a component tie join it."""
        gap = component.difference
        if abs(gap) <= self.limits.tolerance:
            return
        pool = self.subscriptions if gap > 0 else self.contracts
        joining = self._best_subset(pool, abs(gap), _start(component.contracts), least=1)
        if joining:
            side = component.subscriptions if gap > 0 else component.contracts
            side.extend(joining)
            _remove(pool, joining)

    def pair_equal(self) -> None:
        """Pair one contract and one subscription of equal MRR, nearest starts first."""
        equal = [
            (abs(contract.start - other.start), contract, other)
            for contract in self.contracts
            for other in self.subscriptions
            if abs(contract.amount - other.amount) <= self.limits.tolerance
        ]
        for _, contract, other in sorted(equal):
            if contract in self.contracts and other in self.subscriptions:
                self._take(EQUAL, [contract], [other])

    def pair_sums(self) -> None:
        """Pair a record with those of the other side that sum to it, then all that remain when their totals tie."""
        while best := self._best_sum():
            _, contracts, subscriptions = best
            self._take(SUM, contracts, subscriptions)
        if self.contracts and self.subscriptions:
            difference = _total(self.contracts) - _total(self.subscriptions)
            if abs(difference) <= self.limits.tolerance:
                self._take(TOTAL, list(self.contracts), list(self.subscriptions))

    def _best_sum(self) -> tuple[tuple[int, int, list[str]], list[Record], list[Record]] | None:
        of_contracts = [
            (_rank(chosen, single), chosen, [single])
            for single in self.subscriptions
            if (chosen := self._best_subset(self.contracts, single.amount, single.start, least=2))
        ]
        of_subscriptions = [
            (_rank(chosen, single), [single], chosen)
            for single in self.contracts
            if (chosen := self._best_subset(self.subscriptions, single.amount, single.start, least=2))
        ]
        return min(of_contracts + of_subscriptions, default=None)

    def _best_subset(self, pool: Sequence[Record], amount: int, start: int, least: int) -> list[Record]:
        """The smallest set of records that sums to an amount, then that with the nearest starts and smallest ids."""
        counted = [record for record in pool if record.amount > 0]
        if len(self.contracts) + len(self.subscriptions) > SEARCHED:
            sizes: Sequence[int] = [1, len(counted)] if least == 1 else [len(counted)]
        else:
            sizes = range(least, len(counted) + 1)
        for size in sizes:
            if size < least:
                continue
            fitting = [
                (sum(abs(record.start - start) for record in chosen), chosen)
                for chosen in combinations(counted, size)
                if abs(_total(chosen) - amount) <= self.limits.tolerance
            ]
            if fitting:
                return list(min(fitting)[1])
        return []

    def pair_split(self) -> None:
        """Group the subscriptions that all started with the one contract left: a contract billed in parts."""
        if len(self.contracts) != 1 or len(self.subscriptions) <= 1:
            return
        start = self.contracts[0].start
        near = [record for record in self.subscriptions if abs(record.start - start) <= self.limits.date_days]
        if len(near) > 1:
            self._take(SPLIT, list(self.contracts), near)

    def pair_closest(self) -> None:
        """Pair one to one: most pairs, then least total difference, each within the pair tolerance."""
        for contract, other in assign(self.contracts, self.subscriptions, self.limits.pair_pct):
            self._take(CLOSEST, [contract], [other])

    def group_rest(self) -> None:
        """Make one group of what is left on both sides."""
        if self.contracts and self.subscriptions:
            self._take(REMAINDER, list(self.contracts), list(self.subscriptions))

    def _take(self, rule: str, contracts: list[Record], subscriptions: list[Record]) -> None:
        self.found.append(Pairing(rule, contracts, subscriptions))
        _remove(self.contracts, contracts)
        _remove(self.subscriptions, subscriptions)


def _total(records: Sequence[Record]) -> int:
    return sum(record.amount for record in records)


def _start(records: Sequence[Record]) -> int:
    return min(record.start for record in records)


def _rank(chosen: Sequence[Record], single: Record) -> tuple[int, int, list[str]]:
    distance = sum(abs(record.start - single.start) for record in chosen)
    return len(chosen), distance, [single.record_id, *(record.record_id for record in chosen)]


def _remove(pool: list[Record], taken: Sequence[Record]) -> None:
    gone = {record.record_id for record in taken}
    pool[:] = [record for record in pool if record.record_id not in gone]
