"""A unit seen in one currency at a time, where no rate converts some of its records."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tests.reference.records import Contract, Row, Subscription
from tests.reference.units import Unit

REPORTED = {
    "mrr_minor": "mrr_reporting_minor",
    "term_mrr_minor": "term_mrr_reporting_minor",
    "committed_mrr_minor": "committed_mrr_reporting_minor",
}


def views(unit: Unit, rated: Collection[str]) -> Iterator[tuple[str | None, Unit]]:
    """The unit in the reporting currency, and in each of its currencies that has no rate."""
    unrated = sorted({one.currency for one in (*unit.contracts, *unit.subscriptions)} - set(rated))
    if not unrated:
        yield None, unit
        return
    is_crossing = crosses(unit, rated)
    yield None, seen(unit, set(rated), is_crossing=is_crossing, by_reporting=True)
    for code in unrated:
        yield code, seen(unit, {code}, is_crossing=is_crossing, by_reporting=False)


def crosses(unit: Unit, rated: Collection[str]) -> bool:
    """Whether both sides hold MRR and not in the same currencies; all that convert count as one."""
    sold = {
        one.currency if one.currency not in rated else ""
        for one in unit.contracts
        if one.row["is_effective"] and not one.is_elsewhere and one.row["mrr_minor"]
    }
    billed = {one.currency if one.currency not in rated else "" for one in unit.live if one.row["committed_mrr_minor"]}
    return bool(sold and billed) and sold != billed


def seen(unit: Unit, currencies: set[str], *, is_crossing: bool, by_reporting: bool) -> Unit:
    """The unit with the amounts of some currencies; the others have none, and where nothing crosses stand aside."""
    view = Unit(unit.id, unit.account, unit.links)
    for records, kind in ((unit.contracts, Contract), (unit.subscriptions, Subscription)):
        for one in records:
            is_own = one.currency in currencies
            row = one.row if by_reporting else valued(one.row, is_own=is_own)
            copy = kind(row, one.names)
            copy.is_aside = not is_own and not is_crossing and row["is_comparable"]
            (view.contracts if kind is Contract else view.subscriptions).append(copy)
    return view


def valued(row: Row, *, is_own: bool) -> Row:
    """A record with its own amounts for those in the reporting currency."""
    own = {reported: row[name] for name, reported in REPORTED.items() if name in row}
    return row | {name: amount if is_own or amount == 0 else None for name, amount in own.items()}
