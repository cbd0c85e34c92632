"""Faults of dates: the two systems begin or end on different days."""

from datetime import date, timedelta
from fractions import Fraction

from .catalogue import fault
from .dates import accrue, add_months, half_up
from .selling import monthly_of, sell
from .story import Story
from .subscribing import bill, stop_on


def _apart(story: Story, sold: date, billed: date, cause: str) -> None:
    """A contract and its subscription that begin on different days."""
    account, customer = story.open("USD", since=min(sold, billed))
    items = [(story.price("platform", "USD", "monthly"), 1)]
    deal = sell(story, account, items, sold, closed=min(sold, billed) - timedelta(days=6))
    biller = bill(story, customer, items, billed)
    stop = min(max(sold, billed), story.as_of + timedelta(days=1))
    impact = accrue(Fraction(half_up(monthly_of(items))), min(sold, billed), stop)
    story.expect("date_misalignment", cause, min(sold, billed), [deal], [biller], impact=impact)


@fault("date_misalignment", "late_start")
def plant_late_start(story: Story) -> None:
    """Service from the first, billing from the eighth: 1,200.00 × 7 days."""
    sold = story.first(7, 1)
    _apart(story, sold, sold + timedelta(days=7), "late_start")


@fault("date_misalignment", "late_start")
def plant_late_start_in_window(story: Story) -> None:
    """The contract began six days ago, billing two days ago."""
    _apart(story, story.ago(6), story.ago(2), "late_start")


@fault("date_misalignment", "early_start")
def plant_early_start(story: Story) -> None:
    """Billed from the first, although the contract begins on the twentieth."""
    billed = story.first(5, 1)
    _apart(story, billed + timedelta(days=19), billed, "early_start")


def _ending(story: Story, days: int, cause: str) -> None:
    """A subscription that will stop ``days`` after the contract does."""
    start = story.first(6, 1)
    account, customer = story.open(since=start)
    items = [(story.price("business", account.company.place.currency, "monthly"), story.rng.randrange(15, 50))]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    end = add_months(start, 12)
    stop = end + timedelta(days=days)
    stop_on(story, biller, story.first(2, 14), stop)
    story.expect("date_misalignment", cause, min(end, stop), [deal], [biller], impact=Fraction(0))


@fault("date_misalignment", "ends_early")
def plant_ends_early(story: Story) -> None:
    """Stripe stops two months before the contract does."""
    _ending(story, -61, "ends_early")


@fault("date_misalignment", "ends_late")
def plant_ends_late(story: Story) -> None:
    """Stripe goes on for a month after the contract's end."""
    _ending(story, 30, "ends_late")
