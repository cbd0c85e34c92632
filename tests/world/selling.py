"""Salesforce side of a story: opportunities that are created, edited, won, lost, renewed and amended."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from .dates import last_day
from .identifiers import salesforce_id
from .pricing import CADENCES, Price
from .salesforce_objects import Account, Deal, DealLine, DealState
from .story import Story

Items = Sequence[tuple[Price, int]]
CADENCE_OF = {("month", 1): "monthly", ("month", 3): "quarterly", ("year", 1): "annual", ("week", 1): "weekly"}


def monthly_of(items: Items) -> Fraction:
    """Exact monthly value of what is sold, in minor units."""
    return sum((price.monthly(quantity) for price, quantity in items), Fraction(0))


def sell(story: Story, account: Account, items: Items, start: date, months: int = 12, **terms: object) -> Deal:
    """Win an opportunity for ``items`` over ``months`` from ``start``; see ``win`` for the terms."""
    return win(story, account, monthly_of(items), start, months, items=items, **terms)  # type: ignore[arg-type]


def win(
    story: Story,
    account: Account,
    monthly: Fraction,
    start: date,
    months: int = 12,
    *,
    items: Items = (),
    kind: str = "New Business",
    basis: str = "total",
    closed: date | None = None,
    discount_pct: int | None = None,
    fees: Sequence[tuple[Price, str]] = (),
    with_lines: bool = True,
    is_evergreen: bool = False,
    lines: Sequence[DealLine] | None = None,
    **fields: object,
) -> Deal:
    """Win an opportunity of an exact monthly value in minor units, net of ``discount_pct``.

    With lines, the amount is the sum of the lines; without, the monthly value stated on ``basis``.
    """
    deal_id = salesforce_id("opportunity", *story.name("deal"))
    kept = Fraction(100 - (discount_pct or 0), 100)
    own = tuple(lines) if lines is not None else ()
    if with_lines and lines is None:
        own = tuple(_lines(story, deal_id, items, months, kept)) + tuple(_fee_lines(deal_id, fees))
    stated = monthly * kept * {"total": months, "annual": 12, "monthly": 1}[basis]
    amount = sum(line.total for line in own) if own else _whole(stated)
    values: dict[str, object] = {
        "currency": items[0][0].currency if items else account.company.place.currency,
        "cadence": _cadence(items),
        "terms": story.rng.choice(("Net 30", "Net 15", "Due on receipt", "Net 45")),
        "owner": account.owner,
        "name": f"{account.company.name} – {_title(items, kind)} {start:%Y}",
        **fields,
    }
    deal = Deal(
        deal_id,
        account,
        kind=kind,
        start=start,
        months=months,
        end=None if is_evergreen else last_day(start, months),
        basis=basis,
        lines=own,
        discount_pct=None if discount_pct is None else Fraction(discount_pct),
        **values,  # type: ignore[arg-type]
    )
    _advance(story, deal, amount, closed or start - timedelta(days=story.rng.randrange(4, 28)))
    story.deals.append(deal)
    return deal


def _advance(story: Story, deal: Deal, amount: int, closed: date) -> None:
    """Walk the opportunity through its stages to the day it was won."""
    opened = closed - timedelta(days=story.rng.randrange(25, 75))
    middle = opened + (closed - opened) / 2
    guess = (
        amount
        if deal.kind != "New Business" or deal.lines
        else amount * story.rng.choice((90, 95, 100, 100, 110)) // 100
    )
    deal.timeline.begin(story.moment(opened), "", DealState("Qualification", guess, closed + timedelta(days=5)))
    deal.timeline.set(story.moment(middle), "", stage="Proposal/Price Quote")
    deal.timeline.set(story.moment(closed), "", stage="Closed Won", amount=amount, close_on=closed)


def pipeline(
    story: Story, account: Account, amount: int, close: date, *, is_lost: bool = False, kind: str = "New Business"
) -> Deal:
    """An opportunity that is still open, or was lost; ``amount`` in minor units."""
    deal = win(
        story, account, Fraction(amount, 12), close + timedelta(days=10), 12, kind=kind, basis="annual", closed=close
    )
    created, middle, final = deal.timeline.changes
    lost = [final] if is_lost else []
    deal.timeline.changes = [created, middle]
    if lost:
        deal.timeline.set(final.at, "", stage="Closed Lost", close_on=close)
    deal.cadence = None
    return deal


def renew(story: Story, prior: Deal, items: Items, months: int = 12, **terms: object) -> Deal:
    """Win the renewal that follows a deal without a break."""
    if prior.end is None:
        message = f"{prior.name} has no end to renew at"
        raise ValueError(message)
    values: dict[str, object] = {
        "kind": "Renewal",
        "prior": prior.id,
        "basis": prior.basis,
        "with_lines": bool(prior.lines),
        **terms,
    }
    return sell(story, prior.account, items, prior.end + timedelta(days=1), months, **values)


def edit(story: Story, deal: Deal, on: date, **changes: Any) -> None:
    """Edit a deal after it was won, e.g. its amount in minor units."""
    deal.timeline.set(story.moment(on), "", **changes)


def _lines(story: Story, deal_id: str, items: Items, months: int, kept: Fraction) -> list[DealLine]:
    """One recurring line an item; the unit price is that of the whole term."""
    found = []
    for number, (price, quantity) in enumerate(items):
        usage = price.usage_type == "metered"
        whole = price.monthly(quantity) * months
        unit = whole / quantity if quantity else Fraction(0)
        if price.tiers or unit.denominator != 1:
            quantity, unit = 1, whole  # noqa: PLW2901
        line_id = salesforce_id("line", deal_id, number)
        found.append(
            DealLine(
                line_id,
                price.product.name,
                price.product.code,
                price.product.family,
                "usage" if usage else "recurring",
                max(quantity, 1),
                unit * kept,
                unit,
                _whole(whole * kept),
                months,
            )
        )
    if story.rng.random() < 0.15:
        name = salesforce_id("line", deal_id, "kickoff")
        found.append(
            DealLine(
                name, "Kick-off workshop", "NB-KICK", "Training", "one_time", 1, Fraction(0), Fraction(0), 0, months
            )
        )
    return found


def _fee_lines(deal_id: str, fees: Sequence[tuple[Price, str]]) -> list[DealLine]:
    """One-time lines."""
    return [
        DealLine(
            salesforce_id("line", deal_id, "fee", number),
            text,
            price.product.code,
            price.product.family,
            "one_time",
            1,
            price.unit,
            price.unit,
            _whole(price.unit),
            1,
        )
        for number, (price, text) in enumerate(fees)
    ]


def ramp_line(deal_id: str, item: tuple[Price, int], start: date, months: int) -> DealLine:
    """A recurring line with its own dates."""
    price, quantity = item
    unit = price.monthly(1) * months
    name = salesforce_id("line", deal_id, "ramp", start)
    return DealLine(
        name,
        price.product.name,
        price.product.code,
        price.product.family,
        "recurring",
        quantity,
        unit,
        unit,
        _whole(unit * quantity),
        months,
        start,
        last_day(start, months),
    )


def _whole(value: Fraction) -> int:
    """A whole number of minor units; Salesforce stores no more."""
    if value.denominator != 1:
        message = f"{value} is not a whole number of minor units"
        raise ValueError(message)
    return int(value)


def _cadence(items: Items) -> str:
    """Billing cadence as the opportunity words it."""
    for price, _ in items:
        if price.interval:
            return CADENCES[CADENCE_OF[price.interval, price.interval_count]]
    return "Annual"


def _title(items: Items, kind: str) -> str:
    """What the opportunity is called after the company's name."""
    return items[0][0].product.name if items and kind == "New Business" else kind
