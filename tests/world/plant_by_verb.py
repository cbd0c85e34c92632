"""Faults planted in rendered records by the verbs of ``recon challenge``: a healthy story, spoiled after the fact.

The verbs are the product's; what the spoiled records must give is worked out here, in the world's own fractions.
"""

from collections.abc import Iterable
from copy import deepcopy
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from recon_kit.commands.challenge import salesforce_verbs as salesforce
from recon_kit.commands.challenge import stripe_events
from recon_kit.commands.challenge import stripe_verbs as stripe

from .billing import Biller
from .catalogue import by_verb
from .dates import accrue, add_months, instant, last_day
from .salesforce_objects import Deal
from .selling import sell
from .story import Story
from .subscribing import bill

Records = dict[str, list[dict[str, Any]]]
MONTHLY = 120_000
CENTS = 2


def _healthy(story: Story, months_ago: int = 6) -> tuple[Deal, Biller]:
    """A platform at 1,200.00 a month, sold and billed from the same day on."""
    start = story.first(months_ago, 1)
    account, customer = story.open("USD", since=start)
    price = story.price("platform", "USD", "monthly")
    deal = sell(story, account, [(price, 1)], start)
    return deal, bill(story, customer, [(price, 1)], start)


def _one(tables: Records, table: str, wanted: str) -> dict[str, Any]:
    """The record of an id."""
    return next(row for row in tables[table] if (row.get("id") or row.get("Id")) == wanted)


def _of(tables: Records, table: str, key: str, wanted: str) -> list[dict[str, Any]]:
    """The records that name another."""
    return [row for row in tables[table] if row.get(key) == wanted]


def _without(tables: Records, table: str, gone: Iterable[dict[str, Any]]) -> None:
    """Leave records out."""
    left = {id(row) for row in gone}
    tables[table] = [row for row in tables[table] if id(row) not in left]


def _invoices(tables: Records, biller: Biller) -> list[dict[str, Any]]:
    """Invoices of a subscription."""
    own = {invoice.id for invoice in biller.subscription.invoices}
    return [row for row in tables["invoices"] if row["id"] in own]


def _changed(story: Story, biller: Biller, on: date, change: Any) -> None:
    """Change a subscription on a day, with the event that tells it."""
    at, own = instant(on, 12), biller.subscription.id

    def amend(tables: Records) -> None:
        subscription = _one(tables, "subscriptions", own)
        before = deepcopy(subscription)
        change(tables, subscription, at)
        tables["events"].append(stripe_events.updated(before, subscription, f"evt_verb{story.index}", at))

    story.amend("stripe", amend)


@by_verb("amount_mismatch", "unexplained")
def plant_halved_price(story: Story) -> None:
    """Stripe bills half, and always did."""
    deal, biller = _healthy(story)
    half, name = MONTHLY // 2, f"price_verb{story.index}"

    def amend(tables: Records) -> None:
        price = stripe.reprice(_one(tables, "subscriptions", biller.subscription.id), name, half)
        assert price is not None
        tables["prices"].append(price)
        for invoice in _invoices(tables, biller):
            stripe.bill(invoice, name, half)

    story.amend("stripe", amend)
    story.restated[biller.subscription.id] = Fraction(half)
    story.expect(
        "amount_mismatch", "unexplained", deal.start, [deal], [biller], components=(("unexplained", Fraction(half)),)
    )


@by_verb("amount_mismatch", "expansion")
def plant_raised_price(story: Story) -> None:
    """The price was raised in Stripe, by an event; sales did not hear of it."""
    deal, biller = _healthy(story)
    on, more, name = story.first(0, 20), 25_000, f"price_verb{story.index}"

    def change(tables: Records, subscription: dict[str, Any], _at: int) -> None:
        tables["prices"].append(stripe.reprice(subscription, name, MONTHLY + more) or {})

    _changed(story, biller, on, change)
    story.restated[biller.subscription.id] = Fraction(MONTHLY + more)
    story.expect("amount_mismatch", "expansion", on, [deal], [biller], components=(("expansion", Fraction(-more)),))


@by_verb("amount_mismatch", "discount")
def plant_added_coupon(story: Story) -> None:
    """Somebody granted a coupon in Stripe."""
    deal, biller = _healthy(story)
    on, off = story.first(0, 12), 15_000

    def change(tables: Records, subscription: dict[str, Any], at: int) -> None:
        found = stripe.coupon(f"VERB{story.index}", "Goodwill", amount_off=off, currency="USD", created=at)
        tables["coupons"].append(found)
        stripe.attach(subscription, found, f"di_verb{story.index}", at)

    _changed(story, biller, on, change)
    story.restated[biller.subscription.id] = Fraction(MONTHLY - off)
    story.expect("amount_mismatch", "discount", on, [deal], [biller], components=(("discount", Fraction(off)),))


@by_verb("amount_mismatch", "paused")
def plant_paused_collection(story: Story) -> None:
    """Somebody paused the collection."""
    deal, biller = _healthy(story)
    on = story.first(0, 9)
    _changed(story, biller, on, lambda _tables, subscription, _at: stripe.pause(subscription))
    story.restated[biller.subscription.id] = Fraction(0)
    story.expect("amount_mismatch", "paused", on, [deal], [biller], components=(("paused", Fraction(MONTHLY)),))


@by_verb("amount_mismatch", "refund_or_credit")
def plant_added_credit(story: Story) -> None:
    """A part of an invoice was credited."""
    deal, biller = _healthy(story)
    on, amount = story.first(0, 14), 40_000

    def amend(tables: Records) -> None:
        latest = max(_invoices(tables, biller), key=lambda row: row["created"])
        tables["credit_notes"].append(stripe.credit(latest, f"cn_verb{story.index}", amount, instant(on, 12)))

    story.amend("stripe", amend)
    story.expect("amount_mismatch", "refund_or_credit", on, [deal], [biller], impact=Fraction(amount))


@by_verb("amount_mismatch", "amount_basis")
def plant_yearly_keyed_as_monthly(story: Story) -> None:
    """The yearly amount was keyed as a monthly one."""
    deal, biller = _healthy(story)

    def amend(tables: Records) -> None:
        row = _one(tables, "Opportunity", deal.id)
        _without(tables, "OpportunityLineItem", _of(tables, "OpportunityLineItem", "OpportunityId", deal.id))
        salesforce.state_basis(row, "monthly")
        salesforce.restate_amount(row, MONTHLY * 12, CENTS)
        salesforce.restate_history(_of(tables, "OpportunityHistory", "OpportunityId", deal.id), MONTHLY * 12, CENTS)

    story.amend("salesforce", amend)
    story.restated[deal.id] = Fraction(MONTHLY * 12)
    parts = (("amount_basis", Fraction(MONTHLY * 11)),)
    story.expect("amount_mismatch", "amount_basis", deal.start, [deal], [biller], components=parts)


@by_verb("orphaned_revenue", "self_service_signup")
def plant_dropped_contract(story: Story) -> None:
    """The opportunity was deleted."""
    deal, biller = _healthy(story)

    def amend(tables: Records) -> None:
        _without(tables, "Opportunity", [_one(tables, "Opportunity", deal.id)])
        for table in ("OpportunityLineItem", "OpportunityHistory"):
            _without(tables, table, _of(tables, table, "OpportunityId", deal.id))

    story.amend("salesforce", amend)
    story.restated[deal.id] = Fraction(0)
    story.expect("orphaned_revenue", "self_service_signup", deal.start, [], [biller])


@by_verb("phantom_revenue", "cancellation_not_in_crm")
def plant_ended_subscription(story: Story) -> None:
    """Cancelled in Stripe, and sales did not hear of it."""
    deal, biller = _healthy(story)
    on = story.first(0, 18)

    def amend(tables: Records) -> None:
        subscription = _one(tables, "subscriptions", biller.subscription.id)
        stripe.end(subscription, instant(on, 12))
        tables["events"].append(stripe_events.deleted(subscription, f"evt_verb{story.index}", instant(on, 12)))

    story.amend("stripe", amend)
    story.restated[biller.subscription.id] = Fraction(0)
    story.expect("phantom_revenue", "cancellation_not_in_crm", on, [deal], [biller])


@by_verb("billing_after_churn", "cancellation_not_in_billing")
def plant_churned_account(story: Story) -> None:
    """The account was marked as churned; Stripe bills on."""
    deal, biller = _healthy(story)
    on = story.first(1, 22)
    story.amend("salesforce", lambda tables: salesforce.churn(_one(tables, "Account", deal.account.id), on, "Churned"))
    story.restated[deal.id] = Fraction(0)
    story.expect("billing_after_churn", "cancellation_not_in_billing", on, [], [biller])


@by_verb("date_misalignment", "late_start")
def plant_moved_start(story: Story) -> None:
    """The contract's dates were moved nine days ahead of billing."""
    deal, biller = _healthy(story)
    billed, sold = deal.start, deal.start - timedelta(days=9)

    def amend(tables: Records) -> None:
        row = _one(tables, "Opportunity", deal.id)
        contracts = _of(tables, "Contract", "Id", row["ContractId"]) if row["ContractId"] else []
        salesforce.move_term(row, contracts, sold, last_day(sold, 12), months=12)

    story.amend("salesforce", amend)
    impact = accrue(Fraction(MONTHLY), sold, billed)
    story.expect("date_misalignment", "late_start", sold, [deal], [biller], impact=impact)


@by_verb("date_misalignment", "ends_early")
def plant_planned_end(story: Story) -> None:
    """Stripe will stop a month before the contract does."""
    deal, biller = _healthy(story)
    stop = add_months(deal.start, 11)
    _changed(
        story,
        biller,
        story.first(0, 16),
        lambda _tables, subscription, at: stripe.plan_end(subscription, instant(stop, 12), at),
    )
    story.expect("date_misalignment", "ends_early", stop, [deal], [biller], impact=Fraction(0))
