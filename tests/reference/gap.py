"""What a gap is, and how it is judged: direction, owner, window, state, materiality."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from recon_kit.policy import Policy
from tests.reference.exact import percent
from tests.reference.records import Contract, Subscription
from tests.reference.units import Unit

STRIPE = ("stripe", "Billing")
SALESFORCE = ("salesforce", "RevOps")
FINANCE = ("undecided", "Finance")
VERDICTS = {
    **dict.fromkeys(
        ("handoff_missed", "timing_lag", "late_start", "ends_early", "cancellation", "trial", "paused"),
        ("under_billed", *STRIPE),
    ),
    **dict.fromkeys(
        ("cancellation_not_in_billing", "billing_past_end", "early_start", "ends_late", "tax"),
        ("over_billed", *STRIPE),
    ),
    **dict.fromkeys(
        ("expansion", "self_service_signup", "trial_conversion", "merge_residue"), ("crm_understated", *SALESFORCE)
    ),
    **dict.fromkeys(("contraction", "cancellation_not_in_crm"), ("crm_overstated", *SALESFORCE)),
    "failed_payment": ("crm_overstated", "salesforce", "Customer Success"),
}
BY_SIGN = {
    "discount": (("under_billed", *STRIPE), ("over_billed", *STRIPE)),
    **dict.fromkeys(("currency", "amount_basis"), (("crm_overstated", *SALESFORCE), ("crm_understated", *SALESFORCE))),
    **dict.fromkeys(
        ("refund_or_credit", "rounding", "unexplained"), (("under_billed", *FINANCE), ("over_billed", *FINANCE))
    ),
}
"""For a positive and for a negative difference."""


@dataclass(eq=False)
class Gap:
    """One gap; amounts in minor units of the reporting currency."""

    unit: Unit
    family: str
    cause: str
    kind: str
    contracts: Sequence[Contract]
    subscriptions: Sequence[Subscription]
    diverged_on: dt.date
    impact: int
    crm_mrr: int = 0
    billing_mrr: int = 0
    difference: int = 0
    components: list[tuple[str, int]] = field(default_factory=list)
    is_extra: bool = False

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Family, class and records: what its id is made of."""
        return self.family, self.kind, _joined(self.contracts), _joined(self.subscriptions)

    def share(self) -> float | None:
        """Per cent of the larger side."""
        larger = max(self.crm_mrr, self.billing_mrr)
        return float(Fraction(abs(self.difference) * 100, larger)) if larger else None

    def customers(self) -> list[str]:
        """Customers of its subscriptions, else those of the account."""
        return sorted({one.customer for one in self.subscriptions} or self.unit.links)

    def age(self, as_of: dt.date) -> int:
        return max(0, (as_of - self.diverged_on).days)

    def verdict(self) -> tuple[str, str, str]:
        """Direction, the system to correct, the team that owns it."""
        if self.cause in BY_SIGN:
            component = dict(self.components).get(self.cause, self.difference)
            return BY_SIGN[self.cause][component < 0]
        return VERDICTS[self.cause]

    def state(self, as_of: dt.date, policy: Policy) -> str:
        """In its window, expected to clear by itself, or open; what people decided comes later."""
        if self.age(as_of) < self._window(policy):
            return "in_window"
        return "timing" if self.cause in {"timing_lag", "trial"} else "open"

    def _window(self, policy: Policy) -> int:
        windows = policy.windows
        if self.cause == "failed_payment":
            return windows.payment_failure
        if self.is_extra or self.kind == "start" or self.family in {"missing_subscription", "orphaned_revenue"}:
            return windows.new_subscription
        return windows.modification if self.family == "amount_mismatch" else windows.cancellation

    def is_material(self, policy: Policy) -> bool:
        limits = policy.materiality
        larger = max(self.crm_mrr, self.billing_mrr)
        if self.kind == "refund":
            return self.impact >= policy.minor(limits.refund)
        if self.kind in {"start", "end"}:
            return self.impact >= policy.minor(limits.date_impact)
        if self.family == "orphaned_revenue":
            return self.billing_mrr > policy.minor(limits.orphan)
        if self.family == "amount_mismatch":
            share = limits.large_pct if larger > policy.minor(limits.large_mrr) else limits.amount_pct
            least = max(Fraction(policy.minor(limits.amount)), larger * percent(share) / 100)
            return abs(self.difference) >= least
        return True


def _joined(records: Sequence[Contract] | Sequence[Subscription]) -> str:
    return ";".join(sorted(one.id for one in records))
