"""Chains: successive contracts of an account, or subscriptions of a unit, seen as one service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tests.reference.records import Contract, Subscription

RANKS = {"renewal": 0, "new": 1, "expansion": 2}


class Chains:
    """Who came before whom among a unit's records; a break of at most ``days`` does not end a service."""

    def __init__(self, contracts: Sequence[Contract], subscriptions: Sequence[Subscription], days: int) -> None:
        self.contracts = [one for one in contracts if one.has_value]
        self.subscriptions = subscriptions
        self.ended = [one for one in subscriptions if not one.is_live]
        self.days = days

    def before_contract(self, contract: Contract) -> list[Contract]:
        """Contracts that ended shortly before this one began, or that it replaced."""
        return [one for one in self.contracts if self._continues(one, contract)]

    def after_contract(self, contract: Contract) -> list[Contract]:
        return [one for one in self.contracts if self._continues(contract, one)]

    def _continues(self, one: Contract, other: Contract) -> bool:
        """Whether the other is the next of the chain: a renewal before a new sale, an expansion only for want of both."""
        following = [later for later in self.contracts if self._follows(one, later)]
        ranks = {later.id: RANKS.get(later.kind, 1) for later in following}
        return other.id in ranks and ranks[other.id] == min(ranks.values())

    def _follows(self, one: Contract, other: Contract) -> bool:
        is_replaced = one.row["taken_over_by"] == other.id
        return one is not other and (is_replaced or 0 <= (other.start - one.end).days <= self.days)

    def before_subscription(self, subscription: Subscription) -> list[Subscription]:
        """Subscriptions that ended shortly before this one began, which is the next to begin."""
        return [one for one in self.ended if subscription in self._next(one)]

    def _next(self, ended: Subscription) -> list[Subscription]:
        """The first to begin afterwards, or those that began together."""
        later = [
            one for one in self.subscriptions if one is not ended and 0 <= (one.start - ended.ended).days <= self.days
        ]
        return [one for one in later if one.start == min(other.start for other in later)]

    def is_followed(self, ended: Subscription) -> bool:
        """Whether another subscription continued it."""
        return bool(self._next(ended))

    def service_start(self, contract: Contract) -> dt.date:
        """Start of the chain that a contract belongs to."""
        return min([contract.start, *(self.service_start(one) for one in self.before_contract(contract))])

    def service_end(self, contract: Contract) -> dt.date:
        """First day after the chain that a contract belongs to."""
        return max([contract.end, *(self.service_end(one) for one in self.after_contract(contract))])

    def billing_start(self, subscription: Subscription) -> dt.date:
        """Billing start of the chain that a subscription belongs to."""
        before = self.before_subscription(subscription)
        return min([subscription.billing_start, *(self.billing_start(one) for one in before)])

    def lacks_predecessor(self, contract: Contract) -> bool:
        """Whether the chain begins with a renewal of something that the data do not hold."""
        before = self.before_contract(contract)
        if not before:
            return contract.kind == "renewal"
        return self.lacks_predecessor(min(before, key=lambda one: (self.service_start(one), one.id)))
