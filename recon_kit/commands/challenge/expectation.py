"""What a close must say of a planted error, worked out from planting and policy alone, never by the gap room."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from recon_kit.commands.challenge.exact import accrue, half_up
from recon_kit.commands.challenge.ground import Unsuitable

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from recon_kit.policy import Policy

AMOUNT, START, END, EXISTENCE, REFUND = "amount", "start", "end", "existence", "refund"

_CENT = 100
_ORDER = (
    *("amount_basis", "currency", "tax", "discount", "expansion", "contraction"),
    *("trial", "paused", "cancellation", "rounding", "unexplained"),
)


@dataclass(frozen=True)
class Part:
    """One reason of an amount gap: reporting minor units a month, and the day it began where it tells one."""

    component: str
    amount_minor: int
    since_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One gap that the close must find. Amounts are in reporting minor units."""

    family: str
    aspect: str
    cause: str
    state: str
    is_material: bool
    crm_mrr_minor: int
    billing_mrr_minor: int
    difference_minor: int
    diverged_on: dt.date
    impact_minor: int
    parts: tuple[tuple[str, int], ...] = ()
    has_contract: bool = True


@dataclass(frozen=True)
class Terms:
    """The day and the policy under which a gap is judged, with amounts in reporting minor units."""

    as_of: dt.date
    policy: Policy
    minor_units: int = _CENT

    def minor(self, amount: Decimal) -> Fraction:
        """Turn an amount of the policy into minor units."""
        return Fraction(amount) * self.minor_units

    def age(self, diverged_on: dt.date) -> int:
        """Count the days since two systems began to differ; none before that day."""
        return max(0, (self.as_of - diverged_on).days)

    def state(self, diverged_on: dt.date, window: int, *, clears_itself: bool = False) -> str:
        """Tell the state of an undecided gap by its age."""
        if self.age(diverged_on) < window:
            return "in_window"
        return "timing" if clears_itself else "open"

    def so_far(self, monthly: int, diverged_on: dt.date) -> int:
        """Accrue a monthly difference up to and with as_of."""
        return accrue(abs(monthly), diverged_on, _day_after(self.as_of))

    def is_large(self, difference: int, crm: int, billing: int) -> bool:
        """Tell whether a monthly difference is material for its size."""
        sizes, larger = self.policy.materiality, max(crm, billing)
        percent = sizes.large_pct if larger > self.minor(sizes.large_mrr) else sizes.amount_pct
        return abs(difference) >= max(self.minor(sizes.amount), Fraction(percent) * larger / 100)


def _day_after(day: dt.date) -> dt.date:
    return day.fromordinal(day.toordinal() + 1)


def amount_gap(terms: Terms, crm: int, billing: int, parts: list[Part], *, fallback: dt.date) -> Expected:
    """Work out the one amount gap of a pair: all its parts, the largest of which is its cause.

    Args:
        terms: day and policy.
        crm: what Salesforce says a month.
        billing: what Stripe bills a month.
        parts: the reasons that were planted; what they leave of the difference by rounding goes to the last.
        fallback: the later of the two starts: when a cause has no day of its own.

    Raises:
        Unsuitable: the parts cancel one another, or do not sum to the difference.
    """
    difference = crm - billing
    if abs(difference) <= terms.minor(terms.policy.rounding_tolerance):
        message = f"its parts cancel one another: {difference} is within the tolerance"
        raise Unsuitable(message)
    ordered = sorted(parts, key=lambda part: _ORDER.index(part.component))
    rest = difference - sum(part.amount_minor for part in ordered)
    if abs(rest) > len(ordered):
        message = f"the planted parts {ordered} leave {rest} of {difference}"
        raise Unsuitable(message)
    told = [(part.component, part.amount_minor) for part in ordered]
    told[-1] = (told[-1][0], told[-1][1] + rest)
    largest = max(range(len(told)), key=lambda number: (abs(told[number][1]), -number))
    diverged_on = ordered[largest].since_on or fallback
    cause, window = told[largest][0], terms.policy.windows.modification
    return Expected(
        family="amount_mismatch",
        aspect=AMOUNT,
        cause=cause,
        state=terms.state(diverged_on, window, clears_itself=cause == "trial"),
        is_material=terms.is_large(difference, crm, billing),
        crm_mrr_minor=crm,
        billing_mrr_minor=billing,
        difference_minor=difference,
        diverged_on=diverged_on,
        impact_minor=terms.so_far(difference, diverged_on),
        parts=tuple(told),
    )


def in_reporting(native: Fraction | int, rate: Fraction) -> int:
    """Convert minor units at a rate, rounded once."""
    return half_up(Fraction(native) * rate)
