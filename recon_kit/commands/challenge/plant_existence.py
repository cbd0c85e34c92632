"""Errors of existence: sold and not billed, billed and not sold, ended on one side only."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.commands.challenge import salesforce_verbs as salesforce
from recon_kit.commands.challenge import stripe_verbs as stripe
from recon_kit.commands.challenge.exact import accrue, add_months
from recon_kit.commands.challenge.expectation import EXISTENCE, Expected
from recon_kit.commands.challenge.ground import Unsuitable
from recon_kit.commands.challenge.planting import Impossible, Plant, Size, days_before, existence, tolerance
from recon_kit.salesforce_id import long_id

if TYPE_CHECKING:
    from recon_kit.commands.challenge.company import Company

_MISSING, _PHANTOM, _ORPHAN = "missing_subscription", "phantom_revenue", "orphaned_revenue"
_ENDED_DAYS_AGO = 40
_TRIAL_DAYS = 14


def _unbilled(company: Company, days: int, cause: str) -> None:
    """Let a contract have begun so many days ago, and take its subscription out of Stripe."""
    start = days_before(company, days)
    company.close(start)
    company.sell(start=start, months=company.long_enough(start))
    company.drop_subscription()
    window = company.terms.policy.windows.new_subscription
    company.expected.append(
        lambda: existence(company, _MISSING, cause, max(company.start_on, company.close_on), window)
    )


def never_billed(company: Company, size: Size) -> None:
    """Sold, and billing never heard of it."""
    _unbilled(company, size.days(company.terms.policy.timing_lag_days), "handoff_missed")


def not_billed_yet(company: Company, size: Size) -> None:
    """Sold, and not billed yet: older than the window, younger than a missed handoff."""
    policy = company.terms.policy
    days = size.days(policy.windows.new_subscription)
    if days >= policy.timing_lag_days:
        message = f"from {policy.timing_lag_days} days on (timing_lag_days) it is a missed handoff, tested as such"
        raise Impossible(message)
    _unbilled(company, days, "timing_lag")


def never_billed_and_over(company: Company, _size: Size) -> None:
    """Sold, over, and never billed at all."""
    stop = days_before(company, _ENDED_DAYS_AGO)
    start = add_months(stop + dt.timedelta(days=1), -12)
    company.close(start)
    company.sell(start=start, months=12)
    company.drop_subscription()
    monthly = company.crm_reporting

    def expected() -> Expected:
        begun = max(company.start_on, company.close_on)
        return Expected(
            family=_MISSING,
            aspect=EXISTENCE,
            cause="handoff_missed",
            state=company.terms.state(begun, company.terms.policy.windows.new_subscription),
            is_material=True,
            crm_mrr_minor=0,
            billing_mrr_minor=0,
            difference_minor=0,
            diverged_on=begun,
            impact_minor=accrue(monthly, begun, stop + dt.timedelta(days=1)),
        )

    company.expected.append(expected)


def _stop(company: Company, days: int) -> dt.date:
    """Choose the day a subscription stopped; what was billed from then on goes."""
    day = days_before(company, days)
    if day <= max(company.start_on, company.close_on) + dt.timedelta(days=1):
        message = f"the subscription began less than {days} days before as_of"
        raise Unsuitable(message)
    late = [one for one in company.invoices if one["created"] >= company.ground.at(day)]
    company.snapshot.drop(late)
    return day


def _phantom(company: Company, day: dt.date, cause: str, window: int) -> None:
    company.billing = company.billing * 0
    company.expected.append(lambda: existence(company, _PHANTOM, cause, day, window))


def cancelled_in_stripe(company: Company, size: Size) -> None:
    """Cancelled in Stripe; Salesforce still counts the contract."""
    window = company.terms.policy.windows.cancellation
    day = _stop(company, size.days(window))
    company.finish(day, "cancellation_requested")
    _phantom(company, day, "cancellation_not_in_crm", window)


def lost_by_payment(company: Company, size: Size) -> None:
    """Cancelled by Stripe, because the last attempt to collect failed."""
    window = company.terms.policy.windows.payment_failure
    day = _stop(company, size.days(window))
    company.finish(day, "payment_failed")
    _phantom(company, day, "failed_payment", window)


def left_unpaid(company: Company, size: Size) -> None:
    """Left unpaid after the last attempt: Stripe bills no more."""
    window = company.terms.policy.windows.payment_failure
    day = _stop(company, size.days(window))
    before = company.before()
    stripe.set_status(company.subscription, "unpaid")
    company.tell(before, day)
    _phantom(company, day, "failed_payment", window)


def churned(company: Company, size: Size) -> None:
    """The customer left, and the subscription goes on."""
    policy = company.terms.policy
    day = days_before(company, size.days(policy.windows.cancellation))
    if day <= company.start_on or not policy.churned_values:
        message = "it became a customer after that day, or no status means churned"
        raise Unsuitable(message)
    salesforce.churn(company.account, day, policy.churned_values[0], company.ground.fields)
    company.crm = company.crm * 0
    company.expected.append(
        lambda: existence(
            company, "billing_after_churn", "cancellation_not_in_billing", day, policy.windows.cancellation
        )
    )


def _unsold(company: Company, cause: str) -> None:
    company.drop_contract()
    window = company.terms.policy.windows.new_subscription
    company.expected.append(lambda: existence(company, _ORPHAN, cause, company.billing_start_on, window))


def never_sold(company: Company, _size: Size) -> None:
    """Billed, and nobody sold it."""
    _unsold(company, "self_service_signup")


def stayed_after_trial(company: Company, _size: Size) -> None:
    """A trial that nobody sold became a paying subscription."""
    ground, start = company.ground, company.billing_start_on
    began = start - dt.timedelta(days=_TRIAL_DAYS)
    stripe.begin_trial(company.subscription, ground.at(began), company.subscription["start_date"], is_over=True)
    _unsold(company, "trial_conversion")


def left_by_merge(company: Company, _size: Size) -> None:
    """The customer names an account that was merged away."""
    merged = pl.select(long_id(pl.lit(f"001Merged{company.key.rjust(6, '0')}"))).item()
    row = salesforce.merged_away(company.account, merged, company.ground.fields)
    company.snapshot.add_row("Account", row)
    stripe.point_to(company.customer, salesforce_account_id=merged)
    _unsold(company, "merge_residue")


def _orphan_size(company: Company, size: Size) -> int:
    terms = company.terms
    return company.native(size.over(terms.minor(terms.policy.materiality.orphan)))


PLANTS = (
    Plant("never billed", _MISSING, "handoff_missed", "timing_lag_days", never_billed),
    Plant("never billed, and over", _MISSING, "handoff_missed", "rounding_tolerance", never_billed_and_over, tolerance),
    Plant("not billed yet", _MISSING, "timing_lag", "windows.new_subscription", not_billed_yet),
    Plant("cancelled in Stripe", _PHANTOM, "cancellation_not_in_crm", "windows.cancellation", cancelled_in_stripe),
    Plant("lost by a failed payment", _PHANTOM, "failed_payment", "windows.payment_failure", lost_by_payment),
    Plant("left unpaid", _PHANTOM, "failed_payment", "windows.payment_failure", left_unpaid),
    Plant("churned", "billing_after_churn", "cancellation_not_in_billing", "windows.cancellation", churned),
    Plant("never sold", _ORPHAN, "self_service_signup", "materiality.orphan", never_sold, _orphan_size),
    Plant("stayed after a trial", _ORPHAN, "trial_conversion", "materiality.orphan", stayed_after_trial, _orphan_size),
    Plant("left by a merge", _ORPHAN, "merge_residue", "materiality.orphan", left_by_merge, _orphan_size),
)
