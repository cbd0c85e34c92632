"""Errors of dates: the two systems begin or end on different days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from recon_kit.commands.challenge import stripe_verbs as stripe
from recon_kit.commands.challenge.exact import accrue
from recon_kit.commands.challenge.expectation import END, START, Expected
from recon_kit.commands.challenge.ground import Unsuitable
from recon_kit.commands.challenge.planting import Plant, Size, days_before, existence, without_difference

if TYPE_CHECKING:
    from recon_kit.commands.challenge.company import Company

_FAMILY = "date_misalignment"
_STARTS = frozenset({"late_start", "early_start"})
_LEAST_TERM_DAYS = 5


def _apart(company: Company, cause: str, diverged_on: dt.date, impact: int, window: int) -> Expected:
    """Work out a gap between two starts or two ends."""
    limit, aspect = company.terms.policy.materiality.date_impact, START if cause in _STARTS else END
    return without_difference(
        company, (_FAMILY, aspect, cause), day=diverged_on, window=window, impact=impact, limit=limit
    )


def _start_apart(company: Company, cause: str) -> None:
    """Expect that one side ran alone between the two starts."""

    def expected() -> Expected:
        earlier, later = sorted((company.start_on, company.billing_start_on))
        alone = company.crm_reporting if cause == "late_start" else company.billing_reporting
        impact = accrue(alone, earlier, min(later, company.as_of + dt.timedelta(days=1)))
        return _apart(company, cause, earlier, impact, company.terms.policy.windows.new_subscription)

    company.expected.append(expected)


def billed_late(company: Company, size: Size) -> None:
    """Service from one day, billing from a later one."""
    start = company.billing_start_on - dt.timedelta(days=size.days(company.terms.policy.date_tolerance_days))
    company.sell(start=start, months=company.long_enough(start))
    _start_apart(company, "late_start")


def billed_early(company: Company, size: Size) -> None:
    """Billed from one day, sold from a later one."""
    start = company.billing_start_on + dt.timedelta(days=size.days(company.terms.policy.date_tolerance_days))
    if start > company.as_of:
        message = "billing began too recently for a contract that begins so much later and runs on as_of"
        raise Unsuitable(message)
    company.sell(start=start)
    _start_apart(company, "early_start")


def _ends_apart(company: Company, days: int, cause: str) -> None:
    due = company.end_on + dt.timedelta(days=1)
    stop = due + dt.timedelta(days=days)
    if stop <= company.as_of:
        message = "the contract ends too soon for a subscription that stops so much earlier and after as_of"
        raise Unsuitable(message)
    day, before = company.change_day(), company.before()
    stripe.plan_end(company.subscription, company.ground.at(stop), company.ground.at(day))
    company.tell(before, day)
    window = company.terms.policy.windows.cancellation
    company.expected.append(lambda: _apart(company, cause, min(due, stop), 0, window))


def stops_early(company: Company, size: Size) -> None:
    """Stripe stops before the contract does."""
    _ends_apart(company, -size.days(company.terms.policy.date_tolerance_days), "ends_early")


def stops_late(company: Company, size: Size) -> None:
    """Stripe goes on after the contract's end."""
    _ends_apart(company, size.days(company.terms.policy.date_tolerance_days), "ends_late")


def billed_past_end(company: Company, size: Size) -> None:
    """The contract ended and was not renewed; Stripe bills on."""
    stop = days_before(company, size.days(company.terms.policy.date_tolerance_days))
    if stop < company.start_on + dt.timedelta(days=_LEAST_TERM_DAYS):
        message = "the contract began after the day on which it would have to end"
        raise Unsuitable(message)
    company.run(company.start_on, stop)
    company.crm = company.crm * 0
    if size.factor <= 1:
        return
    window = company.terms.policy.windows.cancellation
    day = stop + dt.timedelta(days=1)
    company.expected.append(lambda: existence(company, _FAMILY, "billing_past_end", day, window))


def start_within_tolerance(company: Company, size: Size) -> None:
    """Two starts as far apart as is tolerated: no gap."""
    start = company.billing_start_on - dt.timedelta(days=size.days(company.terms.policy.date_tolerance_days))
    company.sell(start=start, months=company.long_enough(start))


PLANTS = (
    Plant("billed late", _FAMILY, "late_start", "date_tolerance_days", billed_late),
    Plant("billed early", _FAMILY, "early_start", "date_tolerance_days", billed_early),
    Plant("stops early", _FAMILY, "ends_early", "date_tolerance_days", stops_early),
    Plant("stops late", _FAMILY, "ends_late", "date_tolerance_days", stops_late),
    Plant("billed past the end", _FAMILY, "billing_past_end", "date_tolerance_days", billed_past_end),
)
CONTROLS = (
    Plant("starts within the tolerance", "", "", "date_tolerance_days", start_within_tolerance),
    Plant("ended within the grace", "", "", "date_tolerance_days", billed_past_end),
)
