"""Errors of money given back, and of exchange rates: what no monthly price tells."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from recon_kit import money
from recon_kit.commands.challenge import salesforce_verbs as salesforce
from recon_kit.commands.challenge import stripe_verbs as stripe
from recon_kit.commands.challenge.exact import half_up, whole_up
from recon_kit.commands.challenge.expectation import REFUND, Part
from recon_kit.commands.challenge.ground import Unsuitable
from recon_kit.commands.challenge.planting import Plant, Size, without_difference

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.commands.challenge.company import Company

_FAMILY = "amount_mismatch"
_FOREIGN = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD")
_LARGEST_MOVE = Fraction(1, 4)
_TRIES = 500


def _amount(company: Company, size: Size) -> int:
    terms = company.terms
    return company.native(size.over(terms.minor(terms.policy.materiality.refund)))


def twice(company: Company, size: Size) -> int:
    """Choose a monthly amount of which at most half is given back."""
    return 2 * _amount(company, size)


def _given_back(company: Company, amount: int, day: dt.date) -> None:
    policy, what = company.terms.policy, (_FAMILY, REFUND, "refund_or_credit")
    window, limit = policy.windows.modification, policy.materiality.refund
    company.expected.append(
        lambda: without_difference(
            company, what, day=day, window=window, impact=company.to_reporting(amount), limit=limit
        )
    )


def _latest_paid(company: Company) -> stripe.Record:
    paid = [one for one in company.invoices_so_far() if one.get("status") == "paid"]
    if not paid or paid[-1]["total"] != paid[-1]["subtotal"]:
        message = "it has paid no untaxed invoice"
        raise Unsuitable(message)
    return paid[-1]


def credited(company: Company, size: Size) -> None:
    """A part of an invoice was credited; the contract was never changed."""
    day, invoice, amount = company.change_day(), _latest_paid(company), _amount(company, size)
    note = stripe.credit(invoice, f"cn_challenge{company.key}", amount, company.ground.at(day))
    company.snapshot.add("credit_notes", note)
    _given_back(company, amount, day)


def refunded(company: Company, size: Size) -> None:
    """A part of a payment was refunded; the contract was never changed."""
    day, invoice, amount = company.change_day(), _latest_paid(company), _amount(company, size)
    charges = company.charges(invoice)
    if len(charges) != 1:
        message = f"{len(charges)} charges paid its latest invoice"
        raise Unsuitable(message)
    stripe.rescale(charges, invoice["total"])
    refund = stripe.refund(charges[0], f"re_challenge{company.key}", amount, company.ground.at(day))
    company.snapshot.add("refunds", refund)
    _given_back(company, amount, day)


def _moves(company: Company) -> dict[str, tuple[Fraction, Fraction]]:
    """Find, by currency, what a minor unit was worth on the close date in the subscription's, and what that is now."""
    own, ground = company.host.currency, company.ground
    worth = {}
    for currency in sorted({*_FOREIGN} & {*ground.rates} - {own}):
        here, there = ground.quote(own, company.close_on), ground.quote(currency, company.close_on)
        if here and there:
            exponents = Fraction(10) ** (money.exponent_of(own) - money.exponent_of(currency))
            worth[currency] = (here / there * exponents, ground.rates[currency] / company.rate)
    return worth


def _foreign(company: Company) -> tuple[str, Fraction, Fraction]:
    """Choose the currency whose rate moved most since the close date.

    Raises:
        Unsuitable: none moved, or none is quoted.
    """
    moved = {
        currency: abs(now / then - 1)
        for currency, (then, now) in _moves(company).items()
        if 0 < abs(now / then - 1) < _LARGEST_MOVE
    }
    if not moved:
        message = "no exchange rate moved since its close date"
        raise Unsuitable(message)
    chosen = max(moved, key=lambda currency: (moved[currency], currency))
    return chosen, *_moves(company)[chosen]


def _drift(company: Company, monthly: int) -> tuple[int, int, int]:
    """Sell an amount abroad at the rate of the close date: what is stated there, and what it says and said here."""
    _, then, now = _foreign(company)
    stated = half_up(monthly / then)
    return stated, company.to_reporting(stated * now), company.to_reporting(stated * then)


def drifting(company: Company, size: Size) -> int:
    """Choose a monthly amount on which the rate's move is the error, to the cent.

    Raises:
        Unsuitable: there is none, or no rate moved.
    """
    _, then, now = _foreign(company)
    wanted = company.terms.minor(company.terms.policy.rounding_tolerance) * size.factor
    monthly = whole_up(wanted / company.rate / abs(now / then - 1))
    for tried in range(monthly, monthly + _TRIES):
        _, said, base = _drift(company, tried)
        if base == company.to_reporting(tried) and abs(said - base) >= wanted:
            return tried
    message = "no amount is a whole number of minor units in both currencies"
    raise Unsuitable(message)


def sold_abroad(company: Company, _size: Size) -> None:
    """Sold in one currency, billed in another at the rate of the close date; the rate moved."""
    currency, _, _ = _foreign(company)
    stated, said, base = _drift(company, int(company.crm))
    salesforce.state_currency([company.opportunity, *company.lines], currency)
    company.crm_currency = currency
    company.sell(crm=stated)
    company.parts.append(Part("currency", said - base))


PLANTS = (
    Plant("credited", _FAMILY, "refund_or_credit", "materiality.refund", credited, twice),
    Plant("refunded", _FAMILY, "refund_or_credit", "materiality.refund", refunded, twice),
    Plant("sold in another currency", _FAMILY, "currency", "rounding_tolerance", sold_abroad, drifting),
)
