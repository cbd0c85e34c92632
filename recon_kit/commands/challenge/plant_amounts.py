"""Errors of amount: both systems know the customer and disagree about the price."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING

from recon_kit.commands.challenge import salesforce_verbs as salesforce
from recon_kit.commands.challenge import stripe_events
from recon_kit.commands.challenge import stripe_verbs as stripe
from recon_kit.commands.challenge.exact import half_up, whole_up
from recon_kit.commands.challenge.expectation import AMOUNT, Expected
from recon_kit.commands.challenge.ground import Unsuitable
from recon_kit.commands.challenge.planting import Plant, Size, days_before, tolerance, within_tolerance

if TYPE_CHECKING:
    from recon_kit.commands.challenge.company import Company

_FAMILY = "amount_mismatch"
_FIFTH, _PERCENT, _TRIES = 5, 20, 500
_TRIAL_BEGAN, _TRIAL_LEFT, _EXTRA_BEGAN = 20, 14, 20
_MONTHS_A_YEAR = 12


def sold_higher(company: Company, size: Size) -> None:
    """The contract says more than is billed, and nothing tells why."""
    more = tolerance(company, size)
    company.sell(crm=company.crm + more)
    company.because("unexplained", more)


def sold_alike(company: Company, _size: Size) -> None:
    """The contract says more than is billed by no more than is tolerated: no gap."""
    company.sell(crm=company.crm + within_tolerance(company))


def sold_lower(company: Company, size: Size) -> None:
    """The contract says less than is billed, and nothing tells why."""
    less = tolerance(company, size)
    company.sell(crm=company.crm - less)
    company.because("unexplained", -less)


def _changed(company: Company, step: int, component: str) -> None:
    """Change the price in Stripe on a day, with the event that tells it."""
    day, before = company.change_day(), company.before()
    company.charge(company.listed + step)
    company.tell(before, day)
    company.because(component, -step, day)


def expanded(company: Company, size: Size) -> None:
    """More was ordered in Stripe; sales did not hear of it."""
    _changed(company, tolerance(company, size), "expansion")


def contracted(company: Company, size: Size) -> None:
    """Less was ordered in Stripe; sales did not hear of it."""
    _changed(company, -tolerance(company, size), "contraction")


def expanded_silently(company: Company, size: Size) -> None:
    """More was ordered in Stripe, and only the latest invoice tells since when."""
    step = tolerance(company, size)
    ordered = company.invoices_so_far()
    since = company.ground.day_of(ordered[-1]["lines"]["data"][0]["period"]["start"])
    if len(ordered) < 2 or since <= max(company.start_on, company.close_on):  # noqa: PLR2004
        message = "it has one invoice only"
        raise Unsuitable(message)
    company.charge(company.listed + step)
    for invoice in company.invoices:
        if invoice["created"] >= ordered[-1]["created"]:
            stripe.bill(invoice, company.price_id(company.listed), company.listed * company.host.interval_months)
    company.because("expansion", -step, since)


def extra_subscription(company: Company, size: Size) -> None:
    """A second subscription that nobody sold."""
    worth, begun = tolerance(company, size), days_before(company, _EXTRA_BEGAN)
    if begun <= company.start_on + dt.timedelta(days=company.terms.policy.date_tolerance_days):
        message = "it began too recently to have had a second subscription for some weeks"
        raise Unsuitable(message)
    company.subscribe("extra", worth, begun)

    def expected() -> Expected:
        terms, billing = company.terms, company.to_reporting(worth)
        state = terms.state(begun, terms.policy.windows.new_subscription)
        return Expected(
            family=_FAMILY,
            aspect=AMOUNT,
            cause="expansion",
            state=state,
            is_material=terms.is_large(billing, 0, billing),
            crm_mrr_minor=0,
            billing_mrr_minor=billing,
            difference_minor=-billing,
            diverged_on=begun,
            impact_minor=terms.so_far(billing, begun),
            parts=(("expansion", -billing),),
            has_contract=False,
        )

    company.expected.append(expected)


def coupon_granted(company: Company, size: Size) -> None:
    """Support granted a coupon that the contract does not mention."""
    less, day = tolerance(company, size), company.change_day()
    before, at = company.before(), company.ground.at(day)
    name = f"CHALLENGE{company.key}"
    found = stripe.coupon(
        name,
        "Goodwill",
        amount_off=less * company.host.interval_months,
        currency=company.host.currency,
        created=at,
    )
    company.snapshot.add("coupons", found)
    stripe.attach(company.subscription, found, f"di_challenge{company.key}", at)
    company.tell(before, day)
    company.billing -= less
    company.because("discount", less, day)


def discount_promised(company: Company, _size: Size) -> None:
    """Twenty per cent off were promised; Stripe charges the list price."""
    less = company.crm / _FIFTH
    salesforce.promise_discount(company.opportunity, _PERCENT, company.ground.fields)
    company.sell(crm=company.crm - less)
    company.because("discount", -less)


def sold_gross(company: Company, _size: Size) -> None:
    """The seller keyed the gross price; Stripe adds the tax on its own."""
    rate = f"txr_challenge{company.key}"
    for invoice in company.invoices:
        stripe.tax(invoice, rate, _PERCENT)
    due = company.crm / _FIFTH
    company.sell(crm=company.crm + due)
    company.because("tax", due)


def promised(company: Company, size: Size) -> int:
    """Choose a list price of which a fifth is the error, whether it is taken of the exact or of the rounded net."""
    least = five_times(company, size)
    for monthly in range(least, least + _TRIES, _FIFTH):
        net = company.to_reporting(Fraction(monthly * (_FIFTH - 1), _FIFTH))
        if half_up(Fraction(net, _FIFTH - 1)) == company.to_reporting(Fraction(monthly, _FIFTH)):
            return monthly
    message = "no amount has a fifth that rounds alike in both currencies"
    raise Unsuitable(message)


def five_times(company: Company, size: Size) -> int:
    """Choose a monthly amount of which a fifth is the error."""
    return _FIFTH * tolerance(company, size)


def keyed_as_monthly(company: Company, _size: Size) -> None:
    """A yearly amount keyed as a monthly one."""
    monthly = company.crm
    company.snapshot.drop(company.lines)
    company.lines, company.basis = [], "monthly"
    salesforce.state_basis(company.opportunity, "monthly", company.ground.fields)
    company.sell(crm=monthly * _MONTHS_A_YEAR)
    company.because("amount_basis", monthly * (_MONTHS_A_YEAR - 1))


def _eleventh(company: Company, size: Size) -> int:
    return whole_up(Fraction(tolerance(company, size), _MONTHS_A_YEAR - 1))


def still_on_trial(company: Company, _size: Size) -> None:
    """The contract runs, Stripe still grants a trial."""
    start = days_before(company, _TRIAL_BEGAN)
    company.forget_billing()
    company.close(start)
    company.sell(start=start, months=company.long_enough(start))
    ground, stop = company.ground, company.as_of + dt.timedelta(days=_TRIAL_LEFT)
    stripe.begin_trial(company.subscription, ground.at(start), ground.at(stop), is_over=False)
    company.billing_start_on = start
    company.because("trial", company.billing)
    company.billing = Fraction(0)


def collection_paused(company: Company, _size: Size) -> None:
    """Collection was paused, and the contract runs on."""
    day, before = company.change_day(), company.before()
    stripe.pause(company.subscription)
    company.tell(before, day)
    company.because("paused", company.billing, day)
    company.billing = Fraction(0)


def part_cancelled(company: Company, size: Size) -> None:
    """One contract, two subscriptions, and one of them was cancelled."""
    worth, day = tolerance(company, size), company.change_day()
    other = company.subscribe("part", worth, company.billing_start_on)
    for one in (company.subscription, other):
        stripe.point_to(one, salesforce_opportunity_id=company.host.opportunity_id)
    company.sell(crm=company.crm + worth)
    stripe.end(other, company.ground.at(day))
    company.snapshot.add(
        "events", stripe_events.deleted(other, f"evt_challenge{company.key}end", company.ground.at(day))
    )
    company.because("cancellation", worth, day)


_ALIKE = (
    Plant("sold higher", _FAMILY, "unexplained", "rounding_tolerance", sold_higher),
    Plant("sold lower", _FAMILY, "unexplained", "rounding_tolerance", sold_lower),
    Plant("expanded", _FAMILY, "expansion", "rounding_tolerance", expanded),
    Plant("expanded, told by an invoice only", _FAMILY, "expansion", "rounding_tolerance", expanded_silently),
    Plant("extra subscription", _FAMILY, "expansion", "rounding_tolerance", extra_subscription),
    Plant("contracted", _FAMILY, "contraction", "rounding_tolerance", contracted),
    Plant("coupon in Stripe only", _FAMILY, "discount", "rounding_tolerance", coupon_granted),
)
PLANTS = (
    *_ALIKE,
    Plant("discount in the contract only", _FAMILY, "discount", "rounding_tolerance", discount_promised, promised),
    Plant("sold with tax", _FAMILY, "tax", "rounding_tolerance", sold_gross, five_times),
    Plant("yearly amount keyed as monthly", _FAMILY, "amount_basis", "rounding_tolerance", keyed_as_monthly, _eleventh),
    Plant("still on trial", _FAMILY, "trial", "rounding_tolerance", still_on_trial, tolerance),
    Plant("collection paused", _FAMILY, "paused", "rounding_tolerance", collection_paused, tolerance),
    Plant("a part cancelled", _FAMILY, "cancellation", "rounding_tolerance", part_cancelled),
)
CONTROLS = (Plant("differs within the tolerance", "", "", "rounding_tolerance", sold_alike),)
