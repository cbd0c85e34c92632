"""Stripe side of a story: subscriptions and what happens to them."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from .billing import Biller, Dunning, paid_invoice_before
from .dates import DAY, instant
from .identifiers import stripe_id
from .payments import credit, dispute, refund
from .pricing import Price
from .salesforce_objects import Deal
from .selling import Items, sell
from .story import Story
from .stripe_objects import Coupon, Customer, Phase, Schedule, Subscription, TaxRate

TAXES = {
    "DE": ("VAT", 19),
    "FR": ("TVA", 20),
    "NL": ("BTW", 21),
    "ES": ("IVA", 21),
    "IT": ("IVA", 22),
    "GB": ("VAT", 20),
    "JP": ("JCT", 10),
}


def bill(
    story: Story,
    customer: Customer,
    items: Sequence[tuple[Price, int]],
    start: date,
    *,
    coupon: Coupon | None = None,
    fees: Sequence[tuple[Price, str]] = (),
    trial_until: date | None = None,
    tax: TaxRate | None = None,
    by_invoice: bool = False,
    engine: type[Biller] = Biller,
) -> Biller:
    """Subscribe a customer from a day on."""
    began = story.moment(start)
    if by_invoice and customer.method == "card" and customer.currency == "USD":
        customer.method = "us_bank_account"
    subscription = Subscription(
        stripe_id("subscription", *story.name("subscription")),
        customer,
        items[0][0].currency,
        began,
        tax,
        collection_method="send_invoice" if by_invoice else "charge_automatically",
    )
    trial_end = None if trial_until is None else instant(trial_until) + began % DAY
    biller = engine(subscription, list(items), trial_end)
    biller.coupon, biller.fees = coupon, list(fees)
    biller.payment_days = story.rng.randrange(5, 26)
    story.billers.append(biller)
    return biller


def tie(story: Story, deal: Deal, biller: Biller, *, side: str = "stripe") -> None:
    """Name the one in the other by explicit id; nothing happens in a world without ids."""
    if story.ids == "none":
        return
    if side == "stripe":
        biller.subscription.metadata["salesforce_opportunity_id"] = deal.id
    else:
        deal.subscription_id = biller.subscription.id


def tax_rate(story: Story, customer: Customer, *, is_inclusive: bool = False, percentage: int | None = None) -> TaxRate:
    """The tax of the customer's country."""
    country = customer.company.place.country
    name, usual = TAXES.get(country, ("Sales tax", 8))
    percent = usual if percentage is None else percentage
    rate = TaxRate(
        stripe_id("tax_rate", story.seed, country, percent, is_inclusive),
        name,
        country,
        Fraction(percent),
        is_inclusive,
        instant(story.first(30)),
    )
    story.tax_rates.append(rate)
    return rate


def coupon(
    story: Story,
    name: str,
    *,
    percent: int | None = None,
    amount: int | None = None,
    currency: str | None = None,
    months: int | None = None,
    once: bool = False,
) -> Coupon:
    """A coupon: forever, or repeating for ``months``, or once."""
    duration = "once" if once else "repeating" if months else "forever"
    found = Coupon(
        stripe_id("coupon", story.seed, name, percent, amount, currency, months),
        name,
        duration,
        instant(story.first(30)),
        None if percent is None else Fraction(percent),
        amount,
        currency,
        months,
    )
    story.coupons.append(found)
    return found


def change(
    story: Story, biller: Biller, on: date, items: Sequence[tuple[Price, int]], proration: str = "pending"
) -> None:
    """Replace the items of a subscription on a day."""
    biller.at(story.moment(on, 17), lambda at: biller.change(at, list(items), proration=proration))


def change_at_renewal(story: Story, biller: Biller, on: date, items: Sequence[tuple[Price, int]]) -> None:
    """Replace the items one minute before the period that begins on a day."""
    moment = instant(on) + biller.subscription.start % DAY - 60
    biller.at(moment, lambda at: biller.change(at, list(items), proration="none"))


def cancel(story: Story, biller: Biller, on: date, feedback: str | None = None) -> None:
    """Cancel at once."""
    biller.at(story.moment(on), lambda at: biller.end(at, "cancellation_requested", feedback))


def stop_at_period_end(story: Story, biller: Biller, asked: date) -> None:
    """Ask for the end of the current period."""

    def act(at: int) -> None:
        biller.update(
            at,
            cancel_at_period_end=True,
            cancel_at=biller.state.period_end,
            canceled_at=at,
            cancel_reason="cancellation_requested",
        )

    biller.at(story.moment(asked), act)


def stop_on(story: Story, biller: Biller, asked: date, end: date) -> None:
    """Ask for the end on a given day."""
    stop = instant(end) + biller.subscription.start % DAY
    biller.at(
        story.moment(asked),
        lambda at: biller.update(at, cancel_at=stop, canceled_at=at, cancel_reason="cancellation_requested"),
    )
    biller.at(stop, lambda at: biller.end(at, "cancellation_requested"))


def pause(story: Story, biller: Biller, on: date) -> None:
    """Pause collection until further notice; the status stays what it was."""
    biller.at(story.moment(on), lambda at: biller.update(at, pause_behavior="void"))


def fail(
    story: Story, biller: Biller, start: date, outcome: str, *, attempts: int = 4, end: date | None = None
) -> None:
    """Let payments fail for invoices created in ``[start, end)``."""
    stop = instant(end) if end else story.cutoff + 400 * DAY
    biller.dunning.append(Dunning(instant(start), stop, outcome, attempts))


def schedule(story: Story, biller: Biller, phases: Sequence[tuple[date, date, Sequence[tuple[Price, int]]]]) -> None:
    """Put a subscription on a schedule of phases; items change at each phase's start."""
    time = biller.subscription.start % DAY
    built = tuple(Phase(instant(start) + time, instant(end) + time, tuple(items)) for start, end, items in phases)
    biller.subscription.schedule = Schedule(
        stripe_id("schedule", biller.subscription.id), built, biller.subscription.start
    )
    for start, _, items in phases[1:]:
        change_at_renewal(story, biller, start, items)


def give_back(
    story: Story,
    biller: Biller,
    on: date,
    amount: int,
    *,
    reason: str = "requested_by_customer",
    paid_before: date | None = None,
) -> None:
    """Refund part, or all, of the newest invoice paid before that day, or before ``paid_before``."""

    def act() -> None:
        invoice = paid_invoice_before(biller.subscription, paid_before or on)
        story.refunds.append(refund(invoice, min(amount, invoice.total), story.moment(on), reason))

    story.aftermath.append(act)


def credit_back(story: Story, biller: Biller, on: date, amount: int, memo: str, *, is_refunded: bool) -> None:
    """Write a credit note on the invoice paid before a day."""

    def act() -> None:
        note = credit(
            paid_invoice_before(biller.subscription, on), amount, story.moment(on), memo, is_refunded=is_refunded
        )
        story.credit_notes.append(note)
        if note.refund:
            story.refunds.append(note.refund)

    story.aftermath.append(act)


def charge_back(story: Story, biller: Biller, on: date, *, is_won: bool | None) -> None:
    """Dispute the invoice paid before a day."""
    story.aftermath.append(
        lambda: story.disputes.append(
            dispute(paid_invoice_before(biller.subscription, on), story.moment(on), is_won=is_won)
        )
    )


def pair_up(story: Story, items: Items, months_ago: int, months: int = 12, **terms: object) -> tuple[Deal, Biller]:
    """A contract and its subscription, begun on the same day."""
    start = story.first(months_ago, 1)
    account, customer = story.open(items[0][0].currency, since=start)
    deal = sell(story, account, items, start, months, **terms)
    return deal, bill(story, customer, items, start)
