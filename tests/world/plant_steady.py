"""Steady business, told in numbers: companies that sign, pay every period, renew, grow once or leave at a term's end."""

from datetime import date, timedelta

from .dates import DAY, add_months, instant
from .plant_ordinary import basket
from .salesforce_objects import Account, Deal
from .selling import Items, pipeline, renew, sell
from .steady import SteadyBiller
from .story import Story
from .stripe_objects import Customer, TaxRate
from .subscribing import bill, coupon, tax_rate, tie

CADENCES = ("monthly",) * 16 + ("annual",) * 3 + ("quarterly",)
TERMS = (12, 12, 12, 24, 36)
OLDEST, NEWEST = 40, 3  # months before as_of in which a first contract begins
PROSPECTS, LEADS, LEAVERS, GROWERS, PARTNERS, SPLITS, ADDERS = 0.05, 0.03, 0.10, 0.08, 0.05, 0.26, 0.30


def open_steady(story: Story) -> tuple[Account, Customer, date] | None:
    """Open a steady company in both systems; none when it buys nothing: a prospect, or a lead in Stripe only."""
    rng = story.rng
    lot, since = rng.random(), story.ago(rng.randrange(40, 400))
    if lot < PROSPECTS:
        story.account(story.company(), since=since)
        return None
    if lot < PROSPECTS + LEADS:
        story.customer(None, story.company(), since=since, clue="free" if rng.random() < 0.5 else "domain")
        return None
    start = story.first(rng.randrange(NEWEST, OLDEST), rng.choice((1, 1, 1, 5, 10, 15, 20, 28)))
    return (*story.open(since=start), start)


def tell_steady(story: Story) -> None:
    """One steady company: one or two subscriptions that bill what was sold, to the cent."""
    opened = open_steady(story)
    if opened is None:
        for account in story.accounts:
            days = story.rng.randrange(5, 60)
            pipeline(story, account, 1_200_000, story.ago(days), is_lost=True)
        return
    account, customer, start = opened
    currency = account.company.place.currency
    tax = tax_rate(story, customer) if currency != "USD" and story.rng.random() < 0.6 else None
    items, lot = basket(story, currency, story.rng.choice(CADENCES)), story.rng.random()
    if lot < PARTNERS:
        _subscribe(story, account, customer, items, start, tax=tax, partner_pct=10)
    elif lot < PARTNERS + GROWERS:
        _grow(story, account, customer, start, tax)
    elif lot < PARTNERS + GROWERS + LEAVERS:
        _leave(story, account, customer, items, start, tax)
    elif lot < PARTNERS + GROWERS + LEAVERS + SPLITS:
        _split(story, account, customer, items, start, tax)
    else:
        deal = _subscribe(story, account, customer, items, start, tax=tax)
        if story.rng.random() < ADDERS:
            _add(story, deal, customer, tax)


def _steady(
    story: Story, customer: Customer, items: Items, start: date, *, tax: TaxRate | None, partner_pct: int = 0
) -> SteadyBiller:
    """Subscribe without playing the periods."""
    partner = coupon(story, f"Partner {partner_pct}", percent=partner_pct) if partner_pct else None
    by_invoice = story.rng.random() < 0.2
    biller = bill(story, customer, items, start, coupon=partner, tax=tax, by_invoice=by_invoice, engine=SteadyBiller)
    if not isinstance(biller, SteadyBiller):
        message = f"{biller.subscription.id} is not steady"
        raise TypeError(message)
    biller.cutoff = story.cutoff
    return biller


def _chain(story: Story, deal: Deal, items: Items, **terms: object) -> Deal:
    """Renew a deal year after year until a term covers as_of."""
    while deal.end is not None and deal.end < story.as_of:
        deal = renew(story, deal, items, **terms)  # type: ignore[arg-type]
    return deal


def _subscribe(
    story: Story,
    account: Account,
    customer: Customer,
    items: Items,
    start: date,
    *,
    tax: TaxRate | None,
    partner_pct: int = 0,
) -> Deal:
    """Sign, bill and renew; returns the deal in force."""
    terms: dict[str, object] = {"discount_pct": partner_pct} if partner_pct else {}
    deal = sell(story, account, items, start, story.rng.choice(TERMS), **terms)
    biller = _steady(story, customer, items, start, tax=tax, partner_pct=partner_pct)
    if story.clue == "id" and story.rng.random() < 0.4:
        tie(story, deal, biller, side=story.rng.choice(("stripe", "salesforce")))
    return _chain(story, deal, items, **terms)


def _extra(story: Story, currency: str) -> Items:
    """What is added to a subscription, billed by another one."""
    key, quantity = story.rng.choice((("analytics", 1), ("sandbox", 1), ("contacts", story.rng.randrange(3, 40))))
    return [(story.price(key, currency, "monthly"), quantity)]


def _split(story: Story, account: Account, customer: Customer, items: Items, start: date, tax: TaxRate | None) -> None:
    """One contract, billed by two subscriptions from the same day on."""
    extra = _extra(story, customer.currency)
    deal = sell(story, account, [*items, *extra], start, story.rng.choice(TERMS))
    for part in (items, extra):
        _steady(story, customer, part, start, tax=tax)
    _chain(story, deal, [*items, *extra])


def _add(story: Story, deal: Deal, customer: Customer, tax: TaxRate | None) -> None:
    """An addition sold in the middle of the term in force, with a subscription of its own."""
    later = story.rng.randrange(2, deal.months)  # a month after the term before, it would look like its renewal
    on = add_months(deal.start, later)
    if on > story.ago(10):
        return
    items = _extra(story, customer.currency)
    months = deal.months - later
    sell(story, deal.account, items, on, months, kind="Expansion", closed=on - timedelta(days=2))
    _steady(story, customer, items, on, tax=tax)


def _grow(story: Story, account: Account, customer: Customer, start: date, tax: TaxRate | None) -> None:
    """Seats are added in the middle of the term that covers as_of, and sales records it."""
    start = max(start, story.first(11, start.day))
    price = story.price("team", account.company.place.currency, "monthly")
    seats, more = story.rng.randrange(8, 60), story.rng.randrange(2, 15)
    sell(story, account, [(price, seats)], start)
    biller = _steady(story, customer, [(price, seats)], start, tax=tax)
    later = story.rng.randrange(1, 3)
    on = add_months(start, later)
    sell(story, account, [(price, more)], on, 12 - later, kind="Expansion", closed=on - timedelta(days=2))
    biller.change_at, biller.changed_to = story.moment(on, 17), [(price, seats + more)]


def _leave(story: Story, account: Account, customer: Customer, items: Items, start: date, tax: TaxRate | None) -> None:
    """A customer who leaves at the end of a term, if one has passed; both systems know."""
    deal = sell(story, account, items, start)
    biller = _steady(story, customer, items, start, tax=tax)
    while deal.end is not None and deal.end < story.ago(380):
        deal = renew(story, deal, items)
    if deal.end is None or deal.end >= story.ago(10):
        return
    leaves = deal.end + timedelta(days=1)
    biller.end_at = instant(leaves) + biller.subscription.start % DAY
    biller.asked_at = story.moment(leaves - timedelta(days=12))
    story.churn(account, leaves)
