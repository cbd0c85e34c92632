"""Hard negatives of chains and groups: renewals, amendments, several records that belong together."""

from datetime import timedelta

from .catalogue import hard_negative
from .dates import add_months
from .selling import renew, sell, win
from .story import Story
from .subscribing import bill, cancel, change, change_at_renewal, pair_up, stop_at_period_end, tie


@hard_negative
def plant_renewal_on_time(story: Story) -> None:
    """One contract ends, the next begins at another price on the same day, in both systems."""
    price = story.price("team", "USD", "monthly")
    deal, biller = pair_up(story, [(price, 18)], 14)
    renewal = renew(story, deal, [(price, 24)])
    change_at_renewal(story, biller, renewal.start, [(price, 24)])
    story.hard(
        "renewal_on_time",
        "The renewal takes over on its own start date; the old contract is history.",
        deal,
        renewal,
        biller,
    )


@hard_negative
def plant_renewal_signed_late(story: Story) -> None:
    """The renewal was signed three weeks into its own term."""
    price = story.price("business", "EUR", "annual")
    deal, biller = pair_up(story, [(price, 36)], 13)
    renewal = renew(story, deal, [(price, 36)], closed=add_months(deal.start, 12) + timedelta(days=21))
    story.hard("renewal signed late", "Signed late, but in force since the day its predecessor ended.", renewal, biller)


@hard_negative
def plant_proration_invoice(story: Story) -> None:
    """Seats added in the middle of a month: credit and charge lines, and an expansion that sales recorded."""
    price = story.price("team", "USD", "monthly")
    deal, biller = pair_up(story, [(price, 20)], 9)
    on = add_months(deal.start, 6)
    more = sell(story, deal.account, [(price, 8)], on, 6, kind="Expansion", closed=on - timedelta(days=3))
    change(story, biller, on, [(price, 28)], "now")
    story.hard(
        "proration invoice", "Proration lines never enter MRR; the expansion answers the added seats.", more, biller
    )


@hard_negative
def plant_amendment_down(story: Story) -> None:
    """Seats given back by an amendment with a negative amount."""
    price = story.price("business", "USD", "monthly")
    deal, biller = pair_up(story, [(price, 40)], 9)
    on = add_months(deal.start, 6)
    amendment = win(
        story,
        deal.account,
        -price.monthly(10),
        on,
        6,
        items=[(price, 10)],
        kind="Existing Business",
        amends=deal.id,
        with_lines=False,
        closed=on - timedelta(days=4),
    )
    change_at_renewal(story, biller, on, [(price, 30)])
    story.hard(
        "negative amendment",
        "An amendment is a delta; both sides fell by ten seats on the same day.",
        deal,
        amendment,
        biller,
    )


@hard_negative
def plant_recreated_subscription(story: Story) -> None:
    """Cancelled by mistake and created anew two weeks later."""
    price = story.price("business", "USD", "monthly")
    deal, old = pair_up(story, [(price, 16)], 10)
    gone = story.first(5, 12)
    cancel(story, old, gone)
    new = bill(story, old.subscription.customer, [(price, 16)], gone + timedelta(days=14))
    story.hard(
        "re-created subscription within 31 days",
        "The chain of the two subscriptions began with the contract.",
        deal,
        old,
        new,
    )


@hard_negative
def plant_two_subscriptions(story: Story) -> None:
    """One contract, billed by two subscriptions."""
    start = story.first(6, 1)
    account, customer = story.open("USD", since=start)
    platform, support = ((story.price(key, "USD", "monthly"), 1) for key in ("platform", "support"))
    deal = sell(story, account, [platform, support], start)
    subs = [bill(story, customer, [item], start) for item in (platform, support)]
    story.hard("two subscriptions for one contract", "Together they bill what the contract says.", deal, *subs)


@hard_negative
def plant_two_contracts(story: Story) -> None:
    """Two contracts, billed by one subscription."""
    start = story.first(6, 1)
    account, customer = story.open("USD", since=start)
    platform, extra = ((story.price(key, "USD", "monthly"), 1) for key in ("platform", "analytics"))
    deals = [sell(story, account, [item], start) for item in (platform, extra)]
    biller = bill(story, customer, [platform, extra], start)
    for deal in deals:
        if story.clue == "id":
            tie(story, deal, biller, side="salesforce")
    story.hard("two contracts on one subscription", "One subscription bills both.", *deals, biller)


@hard_negative
def plant_stops_with_contract(story: Story) -> None:
    """The customer will leave when the contract ends, and Stripe knows the day."""
    deal, biller = pair_up(story, [(story.price("team", "USD", "annual"), 30)], 10)
    stop_at_period_end(story, biller, story.ago(24))
    story.hard("cancel at contract end", "The subscription stops on the day after the contract's last.", deal, biller)
