"""Hard negatives of terms: unusual, and right. What was sold is what is billed."""

from datetime import timedelta

from .catalogue import hard_negative
from .dates import add_months
from .selling import ramp_line, sell, win
from .story import Story
from .subscribing import (
    bill,
    coupon,
    pair_up,
    schedule,
    tax_rate,
)


@hard_negative
def plant_annual_prepaid(story: Story) -> None:
    """One large invoice a year: a twelfth of it is the MRR."""
    deal, biller = pair_up(story, [(story.price("enterprise", "USD", "annual"), 1)], 9)
    story.hard("annual prepaid", "Paid once a year; the contract says the same amount a month.", deal, biller)


@hard_negative
def plant_quarterly(story: Story) -> None:
    """Billed four times a year."""
    deal, biller = pair_up(story, [(story.price("business", "GBP", "quarterly"), 22)], 8)
    story.hard("quarterly", "Three months on every invoice; a third of it is the MRR.", deal, biller)


@hard_negative
def plant_ten_month_term(story: Story) -> None:
    """Ten months for 100,000 and an implementation for 20,000: 10,000 a month, not 8,333 and not 12,000."""
    price = story.negotiated("enterprise", "USD", "monthly", 1_000_000)
    fee = story.price("implementation", "USD", "once")
    start = story.first(5, 1)
    account, customer = story.open("USD", since=start)
    fees = [(fee, "Implementation services")]
    deal = sell(story, account, [(price, 1)], start, 10, fees=fees)
    biller = bill(story, customer, [(price, 1)], start, fees=fees)
    story.hard("10-month term", "Divided by its own ten months, and the implementation is not recurring.", deal, biller)


@hard_negative
def plant_one_time_fee(story: Story) -> None:
    """An onboarding package on the first invoice."""
    price, fee = story.price("platform", "EUR", "monthly"), story.price("onboarding", "EUR", "once")
    start = story.first(4, 15)
    account, customer = story.open("EUR", since=start)
    deal = sell(story, account, [(price, 1)], start, fees=[(fee, "Onboarding package")])
    biller = bill(story, customer, [(price, 1)], start, fees=[(fee, "Onboarding package")])
    story.hard("one-time fee", "The onboarding package is revenue, not MRR, on both sides.", deal, biller)


@hard_negative
def plant_tax_inclusive_price(story: Story) -> None:
    """The price on the web site includes the tax; the contract is net."""
    start = story.first(6, 10)
    account, customer = story.open("GBP", since=start)
    net = story.negotiated("platform", "GBP", "monthly", 90_000)
    gross = story.negotiated("platform", "GBP", "monthly", 108_000, tax_behavior="inclusive")
    rate = tax_rate(story, customer, is_inclusive=True, percentage=20)
    deal = sell(story, account, [(net, 1)], start)
    biller = bill(story, customer, [(gross, 1)], start, tax=rate)
    story.hard("tax-inclusive price", "1,080.00 with 20 % tax inside is 900.00 net.", deal, biller)


@hard_negative
def plant_ramp(story: Story) -> None:
    """A two-year ramp: the price of the second year is agreed in the first."""
    start = story.first(15, 1)
    account, customer = story.open("USD", since=start)
    first, second = (story.negotiated("enterprise", "USD", "monthly", unit) for unit in (300_000, 420_000))
    steps = [(first, start), (second, add_months(start, 12))]
    lines = [ramp_line(f"{story.seed}/{story.index}", (price, 1), on, 12) for price, on in steps]
    deal = win(story, account, first.monthly(1), start, 24, items=[(first, 1)], lines=lines)
    biller = bill(story, customer, [(first, 1)], start)
    schedule(story, biller, [(on, add_months(on, 12), [(price, 1)]) for price, on in steps])
    story.hard("ramp", "Each line counts in its own year; the schedule raised the price on the same day.", deal, biller)


@hard_negative
def plant_repeating_coupon_ended(story: Story) -> None:
    """Twenty per cent off for three months, over since the spring, in both systems."""
    start = story.first(8, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("business", "USD", "monthly"), 25)]
    deal = sell(
        story,
        account,
        items,
        start,
        discount_pct=20,
        discount_end=add_months(start, 3) - timedelta(days=1),
        note="20 % off for the first three months",
    )
    biller = bill(story, customer, items, start, coupon=coupon(story, "Welcome 20", percent=20, months=3))
    story.hard("repeating coupon ended", "The coupon stopped when the contract's discount did.", deal, biller)


@hard_negative
def plant_repeating_coupon_running(story: Story) -> None:
    """Half price for six months, still running, in both systems."""
    start = story.first(2, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), 40)]
    deal = sell(story, account, items, start, discount_pct=50, discount_end=add_months(start, 6) - timedelta(days=1))
    biller = bill(story, customer, items, start, coupon=coupon(story, "Launch 50", percent=50, months=6))
    story.hard("repeating coupon running", "Both sides are at half price until the same day.", deal, biller)


@hard_negative
def plant_once_coupon(story: Story) -> None:
    """A first-invoice discount that no contract needs to mention."""
    start = story.first(1, 15)
    account, customer = story.open("USD", since=start)
    items = [(story.price("platform", "USD", "monthly"), 1)]
    deal = sell(story, account, items, start)
    biller = bill(
        story,
        customer,
        items,
        start,
        coupon=coupon(story, "First invoice 100", amount=10_000, currency="USD", once=True),
    )
    story.hard("once coupon", "A coupon for one invoice never changes MRR.", deal, biller)


@hard_negative
def plant_graduated_price(story: Story) -> None:
    """Fifteen contact packs on a graduated price: 10 × 10.00 + 5 × 8.00 + 5.00 = 145.00."""
    items = [(story.price("contacts", "USD", "monthly"), 15)]
    deal, biller = pair_up(story, items, 3)
    story.hard("graduated price", "The tiers sum to what the contract says.", deal, biller)


@hard_negative
def plant_metered_usage(story: Story) -> None:
    """A platform with metered calls on top: usage is billed and is not MRR."""
    items = [(story.price("platform", "USD", "monthly"), 1), (story.price("calls", "USD", "monthly"), 0)]
    deal, biller = pair_up(story, items, 7)
    story.hard("metered usage", "Usage lines vary from month to month and never count.", deal, biller)


@hard_negative
def plant_rounding_cents(story: Story) -> None:
    """A yearly amount that does not divide by twelve."""
    start = story.first(4, 1)
    account, customer = story.open("USD", since=start)
    billed = story.negotiated("platform", "USD", "monthly", 83_333)
    deal = win(
        story,
        account,
        story.negotiated("platform", "USD", "annual", 1_000_000).monthly(1),
        start,
        with_lines=False,
        items=[(billed, 1)],
    )
    biller = bill(story, customer, [(billed, 1)], start)
    story.hard("rounding cents", "10,000.00 a year against 833.33 a month: a third of a cent.", deal, biller)


@hard_negative
def plant_evergreen(story: Story) -> None:
    """A monthly amount without an end."""
    start = story.first(18, 5)
    account, customer = story.open("USD", since=start)
    items = [(story.price("platform", "USD", "monthly"), 1), (story.price("analytics", "USD", "monthly"), 1)]
    deal = sell(story, account, items, start, basis="monthly", with_lines=False, is_evergreen=True)
    biller = bill(story, customer, items, start)
    story.hard("evergreen", "A monthly contract without term or end runs until terminated.", deal, biller)
