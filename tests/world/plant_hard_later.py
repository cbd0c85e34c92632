"""Hard negatives of what happens after as_of: a close must not see it."""

from datetime import date, timedelta

from .catalogue import hard_negative
from .dates import add_months
from .selling import edit, renew, sell
from .story import Story
from .subscribing import bill, cancel, change, give_back


def _later(story: Story, days: int) -> date:
    """A day after as_of."""
    return story.as_of + timedelta(days=days)


@hard_negative
def plant_seats_after_as_of(story: Story) -> None:
    """Seats added, and sold, after as_of: the close must not see them."""
    start = story.first(6, 1)
    account, customer = story.open("USD", since=start)
    price = story.price("team", "USD", "monthly")
    deal, biller = sell(story, account, [(price, 12)], start), bill(story, customer, [(price, 12)], start)
    on = _later(story, 4)
    change(story, biller, on, [(price, 20)])
    sell(story, account, [(price, 8)], on, 6, kind="Expansion", closed=on)
    story.hard("seats added after as_of", "The events wind the subscription back to twelve seats.", deal, biller)


@hard_negative
def plant_edit_after_as_of(story: Story) -> None:
    """The amount of a won opportunity was corrected upwards after as_of."""
    start = story.first(5, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("platform", "USD", "monthly"), 1)]
    deal = sell(story, account, items, start, with_lines=False)
    biller = bill(story, customer, items, start)
    edit(story, deal, _later(story, 3), amount=deal.timeline.newest.amount + 240_000)
    story.hard("amount edited after as_of", "OpportunityHistory still knows the old amount.", deal, biller)


@hard_negative
def plant_cancelled_after_as_of(story: Story) -> None:
    """Cancelled after as_of: on the day of the close it was live."""
    start = story.first(10, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("business", "USD", "monthly"), 11)]
    deal, biller = sell(story, account, items, start), bill(story, customer, items, start)
    cancel(story, biller, _later(story, 6), "missing_features")
    story.churn(account, _later(story, 6))
    story.hard("cancelled after as_of", "An end after as_of has not happened.", deal, biller)


@hard_negative
def plant_refund_after_as_of(story: Story) -> None:
    """Part of the October invoice was given back in November."""
    start = story.first(7, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("platform", "USD", "monthly"), 1), (story.price("support", "USD", "monthly"), 1)]
    deal, biller = sell(story, account, items, start), bill(story, customer, items, start)
    give_back(story, biller, _later(story, 5), 25_000, paid_before=story.as_of)
    story.hard("refund after as_of", "On as_of nothing had been given back.", deal, biller)


@hard_negative
def plant_signed_after_as_of(story: Story) -> None:
    """An opportunity in the pipeline that was won, and billed, two days after as_of."""
    company = story.company("USD")
    account = story.account(company, since=story.ago(45))
    items = [(story.price("business", "USD", "annual"), 12)]
    deal = sell(story, account, items, _later(story, 3), closed=_later(story, 2))
    biller = bill(story, story.customer(account, company, since=_later(story, 3)), items, _later(story, 3))
    story.hard("signed after as_of", "On as_of it was an open opportunity.", deal, biller)


@hard_negative
def plant_renewed_in_advance(story: Story) -> None:
    """The renewal at another price is signed; it begins next month."""
    start = add_months(story.first(0), -11)
    account, customer = story.open("USD", since=start)
    price = story.price("team", "USD", "annual")
    deal = sell(story, account, [(price, 24)], start)
    biller = bill(story, customer, [(price, 24)], start)
    renewal = renew(story, deal, [(price, 36)], closed=story.ago(9))
    change(story, biller, renewal.start, [(price, 36)], "now")
    story.hard("renewed in advance", "The signed renewal waits for its own start date.", deal, renewal, biller)
