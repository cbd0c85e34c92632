"""Contracts and subscriptions as the comparison sees them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tests.reference.exact import DAY, NEVER

Row = dict[str, Any]


@dataclass(eq=False)
class Contract:
    """One won opportunity; amounts in minor units of the reporting currency."""

    row: Row
    names: set[str] = field(default_factory=set)
    is_aside: bool = False

    def __post_init__(self) -> None:
        row = self.row
        self.id: str = row["opportunity_id"]
        self.kind: str = row["kind"]
        self.start: dt.date = row["start_on"]
        self.close: dt.date = row["close_on"] or row["start_on"]
        self.currency: str = row["currency"]
        self.is_known: bool = row["is_comparable"] and row["mrr_reporting_minor"] is not None
        self.is_elsewhere: bool = not row["is_billed_in_stripe"]
        self.mrr: int = row["mrr_reporting_minor"] or 0
        self.term_mrr: int = row["term_mrr_reporting_minor"] or 0
        self.last_day: dt.date | None = row["end_on"]
        if row["taken_over_on"] and (self.last_day is None or row["taken_over_on"] <= self.last_day):
            self.last_day = row["taken_over_on"] - DAY

    @property
    def end(self) -> dt.date:
        """First day without service; the end of time when it runs until terminated."""
        return self.last_day + DAY if self.last_day else NEVER

    @property
    def is_sold(self) -> bool:
        """Whether it carries MRR on as_of that Stripe should bill."""
        return self.row["is_effective"] and self.is_known and not self.is_elsewhere and self.mrr != 0

    @property
    def has_value(self) -> bool:
        """Whether it carried MRR in its term, as far as is known."""
        return self.row["term_mrr_reporting_minor"] is None or self.term_mrr > 0

    @property
    def is_in_force(self) -> bool:
        """Whether it is effective with MRR, as far as is known, whichever system bills it."""
        return self.row["is_effective"] and (not self.is_known or self.mrr > 0)

    def has_ended(self, as_of: dt.date) -> bool:
        return self.end <= as_of


@dataclass(eq=False)
class Subscription:
    """One subscription that existed; amounts in minor units of the reporting currency."""

    row: Row
    names: set[str] = field(default_factory=set)
    is_aside: bool = False

    def __post_init__(self) -> None:
        row = self.row
        self.id: str = row["subscription_id"]
        self.customer: str = row["customer_id"]
        self.currency: str = row["currency"]
        self.status: str = row["status"]
        self.is_live: bool = row["is_live"]
        self.start: dt.date = row["start_on"] or row["created_on"]
        self.billing_start: dt.date = row["billing_start_on"] or self.start
        self.ended: dt.date | None = row["ended_on"]
        self.stops: dt.date | None = row["stops_on"]
        self.is_known: bool = row["is_comparable"] and row["committed_mrr_reporting_minor"] is not None
        self.mrr: int = row["mrr_reporting_minor"] or 0
        self.committed: int = row["committed_mrr_reporting_minor"] or 0

    @property
    def end(self) -> dt.date:
        """First day without it; the end of time while nothing stops it. One that ended on its first day had that day."""
        end = self.stops if self.is_live else self.ended
        return max(end, self.start + DAY) if end else NEVER

    @property
    def has_free_items(self) -> bool:
        """Whether it bills less than it will because items have a trial of their own."""
        is_billing = self.status in {"active", "past_due"} and not self.row["is_collection_paused"]
        return is_billing and self.mrr < self.committed

    def is_in_trial(self, as_of: dt.date) -> bool:
        trial = self.row["trial_end_on"]
        return self.has_free_items or (trial is not None and trial > as_of)


def overlap(one: Contract | Subscription, other: Contract | Subscription) -> bool:
    """Whether two services shared a day."""
    return max(one.start, other.start) < min(one.end, other.end)
