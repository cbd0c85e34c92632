"""Lines of an invoice: regular, prorated, metered; their discounts and taxes; what they say."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from .dates import day_of, half_up
from .identifiers import stripe_id
from .invoices import InvoiceLine
from .pricing import Price
from .stripe_objects import Discount, Item, Subscription, SubscriptionState


def _line(
    own: Subscription, name: tuple[object, ...], amount: Fraction, text: str, period: tuple[int, int], item: Item
) -> InvoiceLine:
    """One invoice line of a subscription item."""
    line_id = stripe_id("invoice_line", own.id, *name)
    return InvoiceLine(line_id, half_up(amount), text, *period, item.price, item.quantity, item.id)


def regular_lines(
    own: Subscription, items: tuple[Item, ...], period: tuple[int, int], *, is_trial: bool
) -> Iterator[InvoiceLine]:
    """One line a licensed item for the period; nothing is due during a trial."""
    for item in items:
        if item.price.usage_type == "metered":
            continue
        name, amount = item.price.product.name, Fraction(0) if is_trial else item.price.amount(item.quantity)
        text = f"Trial period for {name}" if is_trial else f"{item.quantity} × {name} ({_at_price(item.price)})"
        yield _line(own, (period[0], item.id), amount, text, period, item)


def fee_lines(own: Subscription, fees: list[tuple[Price, str]], start: int) -> Iterator[InvoiceLine]:
    """One-time fees on the first invoice."""
    for price, text in fees:
        name = stripe_id("invoice_line", own.id, "fee", price.id)
        yield InvoiceLine(name, half_up(price.unit), text, start, start, price, 1, None)


def usage_lines(own: Subscription, state: SubscriptionState, used: int) -> Iterator[InvoiceLine]:
    """Metered items of the period that ends, in arrears."""
    for item in state.items:
        if item.price.usage_type == "metered":
            metered, period = replace(item, quantity=used), (state.period_start, state.period_end)
            text = f"{used} × {item.price.product.name}"
            yield _line(own, (period[0], item.id, "usage"), item.price.amount(used), text, period, metered)


def proration_lines(
    own: Subscription, state: SubscriptionState, new: tuple[Item, ...], moment: int
) -> Iterator[InvoiceLine]:
    """Credit the unused time of what changed, charge the rest of the period of what replaces it."""
    share = Fraction(state.period_end - moment, state.period_end - state.period_start)
    share *= 1 - sum((found.coupon.percent_off or Fraction(0)) / 100 for found in state.discounts)
    on, period = f"{day_of(moment):%d %b %Y}", (moment, state.period_end)
    for sign, word, items, others in ((-1, "Unused", state.items, new), (1, "Remaining", new, state.items)):
        for item in items:
            if item in others or item.price.usage_type == "metered":
                continue
            text = f"{word} time on {item.quantity} × {item.price.product.name} after {on}"
            amount = sign * item.price.amount(item.quantity) * share
            yield replace(_line(own, (moment, item.id, word), amount, text, period, item), is_proration=True)


def price_lines(
    lines: list[InvoiceLine], discount: Discount | None, subscription: Subscription
) -> Iterator[InvoiceLine]:
    """Put discount and tax on the lines; both are rounded line by line."""
    left = discount.coupon.amount_off or 0 if discount else 0
    rate = subscription.tax_rate
    for line in lines:
        reduced = 0
        if discount and not line.is_proration and line.item_id:
            percent = discount.coupon.percent_off
            reduced = half_up(line.amount * percent / 100) if percent is not None else min(left, line.amount)
            left -= 0 if percent is not None else reduced
        tax, net = 0, line.amount - reduced
        if rate is not None:
            whole = 100 + rate.percentage if rate.is_inclusive else Fraction(100)
            tax = half_up(net * rate.percentage / whole)
        yield replace(line, discount=reduced, tax=tax)


def _at_price(price: Price) -> str:
    """How Stripe words a price on an invoice line."""
    per = {1: price.interval or "", 3: "3 months"}.get(
        price.interval_count, f"{price.interval_count} {price.interval}s"
    )
    if price.tiers:
        return f"Tier 1 / {per}"
    exponent = 0 if price.currency == "JPY" else 2
    sign = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}[price.currency]
    return f"at {sign}{_grouped(price.unit, exponent)} / {per}"


def _grouped(minor: Fraction, exponent: int) -> str:
    """Amount with thousands separators."""
    whole = half_up(minor)
    return f"{whole // 10**exponent:,}" + (f".{whole % 10**exponent:0{exponent}d}" if exponent else "")
