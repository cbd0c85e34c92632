"""What is matched inside a unit: each side's amount and start, and what is still free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.reference.chains import Chains
from tests.reference.records import Contract, Subscription
from tests.reference.units import Unit


@dataclass(frozen=True)
class Limits:
    """Tolerances of pairing: minor units, per cent, days."""

    tolerance: int
    pair_pct: Fraction
    date_days: int


@dataclass(eq=False)
class Side:
    """What is matched: a contract with the reductions that amend it, or a subscription; ``start`` is that of its chain."""

    records: tuple[Contract, ...] | tuple[Subscription, ...]
    amount: int
    start: dt.date

    @property
    def id(self) -> str:
        return self.records[0].id


@dataclass(frozen=True)
class Pairing:
    """Contracts and subscriptions that are compared as sums, and the rule that put them together."""

    rule: str
    contracts: tuple[Contract, ...]
    subscriptions: tuple[Subscription, ...]


class Unpaired:
    """The records of a unit that are still free, and the pairings made so far."""

    def __init__(self, unit: Unit, chains: Chains, limits: Limits) -> None:
        self.limits = limits
        self.ids = {one.id: ids_through_renewals(one, chains) for one in unit.sold}
        unknown = unit.waited_for
        known = [one for one in unit.live if one.is_known and not one.names & unknown]
        self.sold = [one for one in contracts_with_reductions(unit.sold, chains) if not self.ids[one.id] & unknown]
        self.billed = [Side((one,), one.committed, chains.billing_start(one)) for one in known]
        self.pairings: list[Pairing] = []

    def take(self, rule: str, sold: Sequence[Side], billed: Sequence[Side]) -> None:
        """Pair some records, which are then no longer free."""
        self.sold = [one for one in self.sold if one not in sold]
        self.billed = [one for one in self.billed if one not in billed]
        contracts = tuple(sorted((c for one in sold for c in one.records), key=lambda c: c.id))
        subscriptions = tuple(sorted((s for one in billed for s in one.records), key=lambda s: s.id))
        self.pairings.append(Pairing(rule, contracts, subscriptions))

    def names(self, contract: Side, subscription: Side) -> bool:
        return any(subscription.id in self.ids[one.id] for one in contract.records)

    def ties(self, sold: Sequence[Side], billed: Sequence[Side]) -> bool:
        return abs(total(sold) - total(billed)) <= self.limits.tolerance


def ids_through_renewals(contract: Contract, chains: Chains) -> set[str]:
    """Subscriptions a contract is tied to by id: its own, and those of what it renews."""
    if contract.kind != "renewal":
        return contract.names
    return contract.names.union(*(ids_through_renewals(one, chains) for one in chains.before_contract(contract)))


def contracts_with_reductions(sold: Sequence[Contract], chains: Chains) -> list[Side]:
    """Put each negative amendment with the contract it amends, else with the largest."""
    heads = [one for one in sold if one.mrr > 0]
    groups = {one.id: [one] for one in heads}
    for cut in (one for one in sold if one.mrr < 0):
        largest = max(heads, key=lambda one: (one.mrr, [-ord(c) for c in one.id]), default=None)
        amended = cut.row["amends_id"]
        if amended in groups:
            groups[amended].append(cut)
        elif largest:
            groups[largest.id].append(cut)
    return [
        Side(tuple(found), sum(one.mrr for one in found), chains.service_start(found[0]))
        for _, found in sorted(groups.items())
    ]


def total(sides: Sequence[Side]) -> int:
    return sum(one.amount for one in sides)


def days_apart(sold: Sequence[Side], billed: Sequence[Side]) -> int:
    return sum(abs((one.start - other.start).days) for one in sold for other in billed)


def ids_of(*sides: Sequence[Side]) -> list[list[str]]:
    return [sorted(one.id for one in side) for side in sides]
