"""Collecting invoices: payment intents, charges, refunds, disputes, fees, and the weekly payouts."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from .dates import DAY, day_of, half_up, instant
from .identifiers import stripe_id
from .invoices import (
    BalanceTransaction,
    Charge,
    ChargeState,
    CreditNote,
    Dispute,
    DisputeState,
    Invoice,
    PaymentIntent,
    PaymentState,
    Payout,
    PayoutState,
    Refund,
)
from .rates import EXPONENT, convert

SETTLEMENT = {"USD": "USD", "EUR": "EUR", "GBP": "USD", "JPY": "USD"}
FIXED_FEE = {"USD": 30, "EUR": 25}
CARD_RATE, CONVERSION_RATE, BANK_RATE = Fraction(29, 1000), Fraction(1, 100), Fraction(8, 1000)
BANK_CAP, SEPA_FEE, DISPUTE_FEE = 500, 35, 1500
SETTLING_DAYS = 2


def settle(amount: int, currency: str, at: int) -> tuple[int, str | None]:
    """Convert a charge to its settlement currency; also the rate that Stripe prints, none without conversion."""
    target = SETTLEMENT[currency]
    if target == currency:
        return amount, None
    unit = convert(Fraction(10 ** EXPONENT[currency]), currency, target, day_of(at)) / 10 ** EXPONENT[target]
    rate = Decimal(half_up(unit * 10**6)).scaleb(-6)
    major = Fraction(amount, 10 ** EXPONENT[currency]) * Fraction(rate)
    return half_up(major * 10 ** EXPONENT[target]), str(rate)


def fee_of(amount: int, currency: str, method: str) -> int:
    """Stripe's fee on a settled amount; ``currency`` is that of the charge."""
    settled = SETTLEMENT[currency]
    if method == "us_bank_account":
        return min(BANK_CAP, half_up(amount * BANK_RATE))
    if method == "sepa_debit":
        return SEPA_FEE
    rate = CARD_RATE + (CONVERSION_RATE if settled != currency else 0)
    return half_up(amount * rate) + FIXED_FEE[settled]


def movement(
    kind: str, source: str, amount: int, currency: str, at: int, fee: int = 0, note: str = ""
) -> BalanceTransaction:
    """Balance transaction of a charge, refund or dispute; ``amount`` in the currency of the charge."""
    settled, rate = settle(amount, currency, at)
    available = instant(day_of(at) + timedelta(days=SETTLING_DAYS))
    name = stripe_id("balance_transaction", kind, source)
    return BalanceTransaction(name, kind, source, settled, fee, SETTLEMENT[currency], at, available, rate, note or None)


def attempt(invoice: Invoice, at: int, failure: str | None = None) -> Charge:
    """Try to collect an invoice once."""
    payment = invoice.payment
    if payment is None:
        payment = PaymentIntent(stripe_id("payment_intent", invoice.id), invoice)
        payment.timeline.begin(at, "payment_intent.created", PaymentState("requires_payment_method"))
        invoice.payment = payment
    number = len(payment.charges)
    charge = Charge(stripe_id("charge", invoice.id, number), payment, invoice.total, at, failure)
    charge.timeline.begin(at, "charge.failed" if failure else "charge.succeeded", ChargeState())
    payment.charges.append(charge)
    status, event = ("requires_payment_method", "payment_failed") if failure else ("succeeded", "succeeded")
    payment.timeline.set(at, f"payment_intent.{event}", status=status, latest_charge=charge.id)
    if not failure:
        settled, _ = settle(charge.amount, invoice.currency, at)
        fee = fee_of(settled, invoice.currency, invoice.customer.method)
        note = "Subscription update" if invoice.reason == "subscription_update" else f"Invoice {invoice.number}"
        charge.transaction = movement("charge", charge.id, charge.amount, invoice.currency, at, fee, note)
    return charge


def paid_charge(invoice: Invoice) -> Charge:
    """Charge that paid an invoice.

    Raises:
        ValueError: no charge of the invoice succeeded.
    """
    for charge in invoice.payment.charges if invoice.payment else ():
        if not charge.failure:
            return charge
    message = f"invoice {invoice.id} was never paid by a charge"
    raise ValueError(message)


def refund(invoice: Invoice, amount: int, at: int, reason: str = "requested_by_customer") -> Refund:
    """Give part of a paid invoice back."""
    charge = paid_charge(invoice)
    refunded = charge.timeline.newest.refunded + amount
    charge.timeline.set(at, "charge.refunded", refunded=refunded)
    name = stripe_id("refund", charge.id, refunded)
    return Refund(
        name,
        charge,
        amount,
        at,
        reason,
        movement("refund", name, -amount, invoice.currency, at, 0, "REFUND FOR CHARGE"),
    )


def credit(invoice: Invoice, amount: int, at: int, memo: str, *, is_refunded: bool) -> CreditNote:
    """Write a credit note on a paid invoice, in minor units including tax; refund it or settle it out of band."""
    back = refund(invoice, amount, at) if is_refunded else None
    tax = half_up(Fraction(amount * invoice.tax, invoice.total))
    invoice.timeline.set(at, "invoice.updated", credited=invoice.timeline.newest.credited + amount)
    name = stripe_id("credit_note", invoice.id, at)
    return CreditNote(name, invoice, amount, tax, at, "order_change", memo, back)


def dispute(invoice: Invoice, at: int, *, is_won: bool | None) -> Dispute:
    """Dispute the whole payment of an invoice; ``is_won`` none leaves it under review."""
    charge = paid_charge(invoice)
    found = Dispute(stripe_id("dispute", charge.id), charge, charge.amount, "product_not_received")
    found.timeline.begin(at, "charge.dispute.created", DisputeState("needs_response"))
    charge.timeline.set(at, "charge.updated", disputed=True)
    taken = movement("adjustment", found.id, -charge.amount, invoice.currency, at, DISPUTE_FEE, "Chargeback withdrawal")
    found.transactions.append((at, taken))
    if is_won is not None:
        closed = at + 40 * DAY
        found.timeline.set(closed, "charge.dispute.closed", status="won" if is_won else "lost")
        if is_won:
            name = f"{found.id}/reversal"
            back = movement("adjustment", name, charge.amount, invoice.currency, closed, 0, "Chargeback reversal")
            found.transactions.append((closed, back))
    return found


def weekly_payouts(seed: int, movements: Iterable[BalanceTransaction], horizon: int) -> list[Payout]:
    """Pay every available movement out on the Monday after, one payout a settlement currency and week.

    A week whose sum is not positive is carried into the next.
    """
    weeks: dict[tuple[str, int], list[BalanceTransaction]] = {}
    for moved in movements:
        weeks.setdefault((moved.currency, _monday_after(moved.available_on)), []).append(moved)
    payouts, carried = [], dict[str, list[BalanceTransaction]]()
    for (currency, at), items in sorted(weeks.items(), key=lambda week: (week[0][1], week[0][0])):
        due = carried.pop(currency, []) + items
        if at >= horizon or sum(item.net for item in due) <= 0:
            carried[currency] = due
            continue
        payouts.append(_payout(seed, currency, at, sorted(due, key=lambda item: (item.created, item.id))))
    return payouts


def _monday_after(at: int) -> int:
    """Two in the morning of the next Monday, or of the same one."""
    day = day_of(at)
    return instant(day + timedelta(days=-day.weekday() % 7), 2)


def _payout(seed: int, currency: str, at: int, items: list[BalanceTransaction]) -> Payout:
    """Payout of a list of movements, two days on its way."""
    amount, name = sum(item.net for item in items), stripe_id("payout", seed, currency, at)
    arrival = instant(day_of(at) + timedelta(days=2))
    moved = BalanceTransaction(
        stripe_id("balance_transaction", name), "payout", name, -amount, 0, currency, at, arrival, None, "STRIPE PAYOUT"
    )
    payout = Payout(name, currency, amount, arrival, moved, items)
    payout.timeline.begin(at, "payout.created", PayoutState("in_transit"))
    payout.timeline.set(arrival + 6 * 3600, "payout.paid", status="paid")
    return payout
