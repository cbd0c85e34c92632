"""Everyday business: companies that sign, pay, grow, renew and sometimes leave."""

from datetime import date, timedelta

from .billing import Biller
from .catalogue import ordinary
from .dates import add_months
from .pricing import Price
from .salesforce_objects import Account, Deal
from .selling import pipeline, renew, sell
from .story import Story
from .subscribing import (
    bill,
    cancel,
    change,
    change_at_renewal,
    charge_back,
    coupon,
    fail,
    stop_at_period_end,
    tax_rate,
    tie,
)

START_DAYS = (1, 1, 1, 5, 10, 15, 20)
Basket = list[tuple[Price, int]]


def basket(story: Story, currency: str, cadence: str) -> Basket:
    """What a customer of a random size buys."""
    size, price = story.rng.random(), story.price
    if size < 0.15:
        return [(price("starter", currency, cadence), 1)]
    if size < 0.55:
        return [(price("team", currency, cadence), story.rng.randrange(5, 45))]
    if size < 0.8:
        return [(price("business", currency, cadence), story.rng.randrange(20, 120))]
    flagship = "platform" if size < 0.94 else "enterprise"
    extras = [(price(key, currency, cadence), 1) for key in ("analytics", "support") if story.rng.random() < 0.5]
    return [(price(flagship, currency, cadence), 1), *extras]


def grown(story: Story, items: Basket) -> Basket:
    """The same basket with more seats."""
    price, quantity = items[0]
    more = story.rng.randrange(2, 9) if price.product.unit_label else 0
    return [(price, quantity + more), *items[1:]]


def start_day(story: Story, first: int = 2, last: int = 23) -> date:
    """A day on which a contract of the last two years begins."""
    return story.first(story.rng.randrange(first, last + 1), story.rng.choice(START_DAYS))


def renew_until_now(
    story: Story, deal: Deal, biller: Biller, items: Basket, *, grows: bool = True
) -> tuple[Deal, Basket]:
    """Renew year after year until a term covers as_of."""
    while deal.end is not None and deal.end < story.as_of:
        if grows and story.rng.random() < 0.5:
            items = grown(story, items)
        deal = renew(story, deal, items)
        change_at_renewal(story, biller, deal.start, items)
    return deal, items


def open_renewal(story: Story, account: Account, deal: Deal) -> None:
    """Put the coming renewal into the pipeline when it is near."""
    if deal.end is not None and deal.end < story.as_of + timedelta(days=75):
        pipeline(story, account, deal.timeline.newest.amount, deal.end - timedelta(days=3), kind="Renewal")


@ordinary(12)
def plant_subscriber(story: Story) -> None:
    """A customer who signed, and renews."""
    start, cadence = start_day(story), story.rng.choice(("monthly",) * 5 + ("annual",) * 3 + ("quarterly",))
    account, customer = story.open(since=start)
    currency = account.company.place.currency
    items = basket(story, currency, cadence)
    deal = sell(story, account, items, start)
    tax = tax_rate(story, customer) if currency != "USD" and story.rng.random() < 0.6 else None
    biller = bill(story, customer, items, start, tax=tax, by_invoice=story.rng.random() < 0.2)
    if story.clue == "id" and story.rng.random() < 0.4:
        tie(story, deal, biller, side=story.rng.choice(("stripe", "salesforce")))
    deal, _ = renew_until_now(story, deal, biller, items)
    open_renewal(story, account, deal)
    if story.rng.random() < 0.15:
        hiccup = story.first(1)
        fail(story, biller, hiccup, "recovered", attempts=2, end=add_months(hiccup, 1))


@ordinary(4)
def plant_grower(story: Story) -> None:
    """A customer who adds seats in the middle of the term, and sales records it."""
    start = start_day(story, 6, 11)
    account, customer = story.open(since=start)
    currency = account.company.place.currency
    price = story.price("team", currency, story.rng.choice(("monthly", "annual")))
    seats, more = story.rng.randrange(8, 40), 3 * story.rng.randrange(1, 5)
    sell(story, account, [(price, seats)], start)
    biller = bill(story, customer, [(price, seats)], start)
    later = story.rng.randrange(2, 5)
    on = add_months(start, later)
    sell(story, account, [(price, more)], on, 12 - later, kind="Expansion", closed=on - timedelta(days=2))
    change(story, biller, on, [(price, seats + more)], "now" if price.interval == "year" else "pending")


@ordinary(3)
def plant_two_year_contract(story: Story) -> None:
    """A platform customer with a two-year term, its amount stated on one basis or another."""
    start = start_day(story, 3, 20)
    account, customer = story.open(since=start)
    currency = account.company.place.currency
    items = [(story.price("enterprise", currency, "annual"), 1)]
    basis = story.rng.choice(
        ("total", "annual", "monthly") if currency in {"USD", "GBP", "JPY"} else ("total", "annual")
    )
    deal = sell(story, account, items, start, 24, basis=basis, with_lines=basis == "total")
    biller = bill(story, customer, items, start, by_invoice=True)
    if story.clue == "id":
        tie(story, deal, biller, side="salesforce")


@ordinary(2)
def plant_discounted(story: Story) -> None:
    """A discount for good, known to both systems."""
    start = start_day(story, 2, 11)
    account, customer = story.open(since=start)
    items = [(story.price("business", account.company.place.currency, "monthly"), 10 * story.rng.randrange(2, 9))]
    sell(story, account, items, start, discount_pct=10, note="10 % partner discount for the whole term")
    bill(story, customer, items, start, coupon=coupon(story, "Partner 10", percent=10))


@ordinary(3)
def plant_prospect(story: Story) -> None:
    """An account that sales talks to; nothing is billed."""
    company = story.company()
    since = story.ago(story.rng.randrange(40, 300))
    account = story.account(company, since=since)
    seats = story.rng.randrange(5, 60) * 58800 if company.place.currency != "JPY" else 900000
    is_lost = story.rng.random() < 0.4
    closes = (
        story.ago(story.rng.randrange(5, 30)) if is_lost else story.as_of + timedelta(days=story.rng.randrange(5, 80))
    )
    pipeline(story, account, seats, closes, is_lost=is_lost)


@ordinary(2)
def plant_former_customer(story: Story) -> None:
    """A customer who left at the end of the term; both systems know."""
    start = story.first(story.rng.randrange(15, 22), 1)
    account, customer = story.open(since=start)
    items = basket(story, account.company.place.currency, "monthly")
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    leaves = add_months(start, 12)
    stop_at_period_end(story, biller, leaves - timedelta(days=12))
    story.churn(account, leaves)
    pipeline(story, account, deal.timeline.newest.amount, leaves - timedelta(days=3), is_lost=True, kind="Renewal")


@ordinary(1)
def plant_disputed(story: Story) -> None:
    """A customer whose bank took a payment back for a while."""
    start = start_day(story, 5, 10)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), story.rng.randrange(6, 20))]
    sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    charge_back(story, biller, story.ago(70), is_won=story.rng.choice((True, False)))


@ordinary(1)
def plant_departed_self_service(story: Story) -> None:
    """A small customer without an account, who stopped long ago."""
    company = story.company("USD")
    start = story.first(story.rng.randrange(9, 20), 12)
    customer = story.customer(None, company, since=start, clue="free")
    biller = bill(story, customer, [(story.price("starter", "USD", "monthly"), 1)], start)
    cancel(story, biller, add_months(start, 4), "too_expensive")
    story.hard(
        "ended_self_service",
        "An unlinked customer whose subscription ended long ago bills nothing now.",
        customer,
        biller,
    )
