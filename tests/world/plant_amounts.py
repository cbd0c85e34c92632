"""Faults of amount: both systems know the customer and disagree about the price."""

from datetime import date, timedelta
from fractions import Fraction

from .billing import Biller
from .catalogue import fault
from .dates import half_up
from .pricing import Price
from .rates import convert
from .salesforce_objects import Deal
from .selling import sell, win
from .story import Story
from .subscribing import bill, cancel, change, coupon, credit_back, give_back, pause, tax_rate, tie


def _pair(
    story: Story, price: Price, sold: int, billed: int | None = None, *, months_ago: int = 6
) -> tuple[Deal, Biller]:
    """A contract over ``sold`` units and a subscription of ``billed``, begun on the same day."""
    start = story.first(months_ago, 1)
    account, customer = story.open(price.currency, since=start)
    deal = sell(story, account, [(price, sold)], start)
    return deal, bill(story, customer, [(price, sold if billed is None else billed)], start)


def _mismatch(story: Story, cause: str, on: date, deal: Deal, biller: Biller, *parts: tuple[str, Fraction]) -> None:
    """Expect one amount gap; parts in exact reporting minor units."""
    story.expect("amount_mismatch", cause, on, [deal], [biller], components=parts)


def _part(story: Story, component: str, minor: Fraction, currency: str) -> tuple[str, Fraction]:
    """One component in the reporting currency."""
    return component, story.reporting(minor, currency)


@fault("amount_mismatch", "amount_basis")
def plant_amount_basis(story: Story) -> None:
    """A yearly amount keyed as a monthly one."""
    start = story.first(5, 1)
    account, customer = story.open("USD", since=start)
    price = story.price("platform", "USD", "monthly")
    monthly = price.monthly(1)
    deal = win(story, account, monthly * 12, start, items=[(price, 1)], basis="monthly", with_lines=False)
    _mismatch(
        story, "amount_basis", start, deal, bill(story, customer, [(price, 1)], start), ("amount_basis", monthly * 11)
    )


def _foreign(story: Story, monthly: int, months_ago: int) -> tuple[Deal, Biller, Price, Fraction]:
    """Sold in dollars, billed in euros at the rate of the close date; also what the rate did since."""
    start = story.first(months_ago, 1)
    closed = start - timedelta(days=8)
    account, customer = story.open("EUR", since=start)
    sold = story.negotiated("enterprise", "USD", "monthly", monthly)
    then = convert(Fraction(monthly), "USD", "EUR", closed)
    billed = story.negotiated("enterprise", "EUR", "monthly", half_up(then))
    deal = sell(story, account, [(sold, 1)], start, closed=closed)
    return deal, bill(story, customer, [(billed, 1)], start), billed, monthly - story.reporting(then, "EUR")


@fault("amount_mismatch", "currency")
def plant_currency(story: Story) -> None:
    """Sold in dollars, billed in euros; the rate moved."""
    deal, biller, _, drift = _foreign(story, 1_250_000, 10)
    _mismatch(story, "currency", deal.start, deal, biller, ("currency", drift))


@fault("amount_mismatch", "expansion")
def plant_expansion_abroad(story: Story) -> None:
    """Sold in dollars, billed in euros, and expanded by 500.00 a month: two lines, one difference."""
    deal, biller, base, drift = _foreign(story, 480_000, 8)
    more = story.negotiated("analytics", "EUR", "monthly", 50_000)
    on = story.first(2, 3)
    change(story, biller, on, [(base, 1), (more, 1)])
    _mismatch(
        story, "expansion", on, deal, biller, ("currency", drift), _part(story, "expansion", Fraction(-50_000), "EUR")
    )


@fault("amount_mismatch", "tax")
def plant_tax(story: Story) -> None:
    """The seller keyed the gross price; Stripe adds the tax on its own."""
    start = story.first(6, 1)
    account, customer = story.open("EUR", since=start)
    price, rate = story.negotiated("platform", "EUR", "monthly", 210_000), tax_rate(story, customer)
    tax = 210_000 * rate.percentage / 100
    gross = story.negotiated("platform", "EUR", "monthly", 210_000 + tax)
    deal = sell(story, account, [(gross, 1)], start)
    biller = bill(story, customer, [(price, 1)], start, tax=rate)
    _mismatch(story, "tax", start, deal, biller, _part(story, "tax", tax, "EUR"))


@fault("amount_mismatch", "discount")
def plant_discount_only_in_stripe(story: Story) -> None:
    """A coupon that no contract mentions."""
    start = story.first(6, 1)
    account, customer = story.open("GBP", since=start)
    price = story.price("business", "GBP", "monthly")
    deal = sell(story, account, [(price, 40)], start)
    biller = bill(story, customer, [(price, 40)], start, coupon=coupon(story, "Loyalty 15", percent=15))
    _mismatch(
        story, "discount", start, deal, biller, _part(story, "discount", price.monthly(40) * Fraction(15, 100), "GBP")
    )


@fault("amount_mismatch", "discount")
def plant_coupon_added_later(story: Story) -> None:
    """A fixed coupon that support granted in the middle of the term."""
    deal, biller = _pair(story, story.price("platform", "USD", "monthly"), 1)
    found, on = (
        coupon(story, "Service credit 200", amount=20_000, currency="USD"),
        story.first(2, 1) + timedelta(days=20),
    )
    biller.at(story.moment(on), lambda at: biller.attach(at, found))
    _mismatch(story, "discount", on, deal, biller, ("discount", Fraction(20_000)))


@fault("amount_mismatch", "discount")
def plant_discount_only_in_contract(story: Story) -> None:
    """Twenty per cent off were promised; Stripe charges the list price."""
    start = story.first(4, 1)
    account, customer = story.open("USD", since=start)
    price = story.price("team", "USD", "monthly")
    deal = sell(story, account, [(price, 50)], start, discount_pct=20, note="20 % off list price agreed with the CFO")
    biller = bill(story, customer, [(price, 50)], start)
    _mismatch(story, "discount", start, deal, biller, ("discount", -price.monthly(50) * Fraction(20, 100)))


def _seats(story: Story, currency: str, sold: int, now: int, on: date, cause: str) -> None:
    """Seats changed in Stripe on a day; sales did not hear of it."""
    price = story.price("team", currency, "monthly")
    deal, biller = _pair(story, price, sold)
    change(story, biller, on, [(price, now)])
    _mismatch(story, cause, on, deal, biller, _part(story, cause, price.monthly(sold) - price.monthly(now), currency))


@fault("amount_mismatch", "expansion")
def plant_expansion(story: Story) -> None:
    """The customer added ten seats by itself."""
    seats, more = story.rng.randrange(35, 60), story.rng.randrange(8, 13)
    _seats(story, story.rng.choice(("EUR", "USD")), seats, seats + more, story.first(2, 17), "expansion")


@fault("amount_mismatch", "expansion")
def plant_expansion_in_window(story: Story) -> None:
    """Seats added yesterday."""
    _seats(story, "USD", 30, 36, story.ago(1), "expansion")


@fault("amount_mismatch", "contraction")
def plant_contraction(story: Story) -> None:
    """The customer gave seats back."""
    _seats(story, "JPY", 60, 48, story.first(3, 11), "contraction")


@fault("amount_mismatch", "expansion")
def plant_extra_subscription(story: Story) -> None:
    """A second subscription that nobody sold."""
    price = story.price("team", "USD", "monthly")
    _, first = _pair(story, price, 25)
    on = story.first(1, 9)
    extra = bill(story, first.subscription.customer, [(story.price("support", "USD", "monthly"), 1)], on)
    parts = (("expansion", Fraction(-50_000)),)
    story.expect("amount_mismatch", "expansion", on, [], [extra], components=parts, is_extra=True)


@fault("amount_mismatch", "trial")
def plant_trial(story: Story) -> None:
    """The contract runs, Stripe still grants a trial."""
    start = story.ago(20)
    account, customer = story.open("USD", since=start)
    items = [(story.price("business", "USD", "monthly"), 30)]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start, trial_until=story.as_of + timedelta(days=14))
    _mismatch(story, "trial", start, deal, biller, ("trial", items[0][0].monthly(30)))


@fault("amount_mismatch", "paused")
def plant_paused(story: Story) -> None:
    """Collection was paused six weeks ago."""
    price, on = story.price("platform", "GBP", "monthly"), story.ago(43)
    deal, biller = _pair(story, price, 1)
    pause(story, biller, on)
    _mismatch(story, "paused", on, deal, biller, _part(story, "paused", price.monthly(1), "GBP"))


@fault("amount_mismatch", "cancellation")
def plant_cancellation_of_a_part(story: Story) -> None:
    """One contract, two subscriptions, and one of them was cancelled."""
    start, on = story.first(8, 1), story.ago(38)
    account, customer = story.open("USD", since=start, clue="id" if story.ids != "none" else None)
    platform, support = story.price("platform", "USD", "monthly"), story.price("support", "USD", "monthly")
    deal = sell(story, account, [(platform, 1), (support, 1)], start)
    kept, left = (bill(story, customer, [(price, 1)], start) for price in (platform, support))
    tie(story, deal, kept)
    tie(story, deal, left)
    cancel(story, left, on)
    story.expect(
        "amount_mismatch", "cancellation", on, [deal], [kept, left], components=(("cancellation", support.monthly(1)),)
    )


@fault("amount_mismatch", "unexplained")
def plant_unexplained(story: Story) -> None:
    """Two prices, and no trace of why."""
    start = story.first(7, 1)
    account, customer = story.open("USD", since=start)
    sold, billed = (story.negotiated("platform", "USD", "monthly", unit) for unit in (310_000, 287_500))
    deal = sell(story, account, [(sold, 1)], start)
    _mismatch(
        story,
        "unexplained",
        start,
        deal,
        bill(story, customer, [(billed, 1)], start),
        ("unexplained", Fraction(22_500)),
    )


@fault("amount_mismatch", "refund_or_credit")
def plant_refund(story: Story) -> None:
    """Part of an invoice was refunded; the contract was never changed."""
    deal, biller = _pair(story, story.price("platform", "USD", "monthly"), 1)
    on = story.first(2, 12)
    give_back(story, biller, on, 30_000)
    story.expect("amount_mismatch", "refund_or_credit", on, [deal], [biller], impact=Fraction(30_000))


@fault("amount_mismatch", "refund_or_credit")
def plant_credit_note(story: Story) -> None:
    """A credit note with its refund: one credit, counted once."""
    deal, biller = _pair(story, story.price("business", "USD", "monthly"), 30)
    on = story.first(3, 19)
    credit_back(story, biller, on, 45_000, "Credit for the outage", is_refunded=True)
    story.expect("amount_mismatch", "refund_or_credit", on, [deal], [biller], impact=Fraction(45_000))
