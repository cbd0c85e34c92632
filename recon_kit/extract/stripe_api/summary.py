"""Sum up a pull of Stripe in its record."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from recon_kit import clock
from recon_kit.extract.pulling.record import Missing, PullRecord
from recon_kit.extract.stripe_api.catalogue import INVOICE_LINES, LISTS, MORE_ITEMS, PAYOUT_ITEMS, queries
from recon_kit.extract.stripe_api.embedded import parent_of
from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from recon_kit.extract.pulling.shards import DeadLetter, Shard
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore


def record_of(store: SnapshotStore, name: str) -> PullRecord:
    """Write the record of a pull that is at its end.

    Args:
        store: of its snapshot.
        name: of the snapshot.
    """
    absent: dict[str, str] = store.fact("absent", {})
    known = [*(each.name for each in LISTS), INVOICE_LINES, PAYOUT_ITEMS]
    counts = store.objects()
    requests, retries, rate_limited = store.fact("sent", [0, 0, 0])
    missing = _with_what_hangs_on_them([_missing(letter) for letter in store.dead()])
    return PullRecord(
        system=STRIPE,
        snapshot=name,
        kind=store.fact("kind"),
        why_full=store.fact("why_full", ""),
        started_at=store.fact("started_at"),
        finished_at=clock.now(),
        api_version=store.fact("api_version"),
        mode=store.fact("mode"),
        lineage=tuple(store.fact("lineage", [])),
        queries={each: query for each, query in queries().items() if each not in absent},
        rows={each: counts.get(each, 0) for each in sorted(known) if each not in absent},
        counted_by_api=store.fact("counted", {}),
        requests=requests,
        retries=retries,
        rate_limited=rate_limited,
        absent=absent,
        missing=missing,
        complete=not missing and not store.count_open(),
    )


_HANGS_ON = {"invoices": INVOICE_LINES, "payouts": PAYOUT_ITEMS}
"""Lists of which only those inside known objects are asked for."""


def _with_what_hangs_on_them(missing: list[Missing]) -> tuple[Missing, ...]:
    """Name, too, what would have been asked for had the missing objects been there."""
    lists = [each for each in missing if each.parent is None and each.object_name in _HANGS_ON]
    hanging = [
        replace(each, object_name=_HANGS_ON[each.object_name], shard=f"of what is missing: {each.shard}", parent="")
        for each in lists
    ]
    return (*missing, *hanging)


def _missing(letter: DeadLetter) -> Missing:
    shard = letter.shard
    of_parent = shard.step == "inside"
    held = "subscriptions" if shard.object_name == MORE_ITEMS else shard.object_name
    return Missing(
        object_name=held,
        shard=_in_words(shard),
        error=letter.error,
        attempts=letter.attempts,
        gte=shard.gte,
        lt=shard.lt,
        parent=parent_of(shard) if of_parent else None,
    )


def _in_words(shard: Shard) -> str:
    if shard.step == "one":
        return shard.path
    parts = [shard.path]
    if shard.step == "inside":
        parts.append(f"of {parent_of(shard)}")
    if shard.gte is not None:
        parts.append(f"created from {_instant(shard.gte)}")
    if shard.lt is not None:
        parts.append(f"created before {_instant(shard.lt)}")
    return " ".join([*parts, *([f"after {shard.after}"] if shard.after else [])])


def _instant(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
