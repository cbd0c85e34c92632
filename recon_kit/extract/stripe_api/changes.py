"""What changed since the last pull: the objects that events name, and those whose state changes without any event."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recon_kit.extract.pulling.shards import Shard
from recon_kit.extract.stripe_api.catalogue import BY_KIND, LISTS, StripeList
from recon_kit.extract.stripe_api.fetch import PAGE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from recon_kit.extract.pulling.snapshot_store import SnapshotStore

_ALSO_CHANGED = {
    "discount": ("customer", "subscription"),
    "tax_id": ("customer",),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "credit_note": ("invoice",),
    "invoice_payment": ("invoice",),
}
"""Fields of an event's object that name other objects which changed with it."""


def whole_list(one: StripeList, *, since: int | None = None) -> Shard:
    """Make the shard of a list: all of it, or what was created at or after a time (epoch seconds)."""
    step = "one" if one.name == "balance" else "list"
    begin = since if one.has_range else None
    return Shard(one.name, f"{one.name} {begin or 0}", one.path, one.query, gte=begin, step=step)


def new_objects(store: SnapshotStore, since: int, *, unknown: Collection[str]) -> list[Shard]:
    """List what to ask for to get the objects made since a time, and those whose status changes without an event.

    Args:
        store: holds what is known.
        since: in epoch seconds.
        unknown: lists of which nothing is known yet, which are asked for whole.
    """
    shards = []
    for one in LISTS:
        shards.append(whole_list(one, since=None if one.name in unknown else since))
        if one.unsettled and one.name not in unknown:
            shards += _unsettled(store, one, one.unsettled, since)
    return shards


def _unsettled(store: SnapshotStore, one: StripeList, status: str, since: int) -> list[Shard]:
    """Ask for each unsettled object, or for all since the oldest of them, whichever takes fewer requests."""
    open_ones = [record for record in store.where(one.name, status=status) if (record.at or 0) < since]
    if not open_ones:
        return []
    oldest = min(record.at or 0 for record in open_ones)
    if len(open_ones) <= _pages(store.count(one.name, since=oldest)):
        return [single(one, record.id, record.at) for record in open_ones]
    return [whole_list(one, since=oldest)]


def made_in_a_pause(since: int) -> list[Shard]:
    """List what to ask for, once an interrupted pull goes on, to get the objects made since it heard of Stripe last.

    Each pause has keys of its own: what is left to fetch of an earlier one stays open beside them.
    """
    return [
        replace(whole_list(one, since=since), key=f"{one.name} since the pause of {since}")
        for one in LISTS
        if one.has_range or one.name == "balance"
    ]


def changed_objects(store: SnapshotStore, since: int, *, begun: int) -> list[Shard]:
    """List what to ask for to get the objects again that events since a time name.

    Args:
        store: holds the events.
        since: in epoch seconds.
        begun: when the pull began; lists that every pull asks for anew are asked for again for what changed after it.

    Returns:
        One shard an object, or the whole list where that takes fewer requests.
    """
    named: dict[str, dict[str, int | None]] = {}
    for record in store.records("events", since=since):
        for kind, identity, made in _named(json.loads(record.text)):
            if not BY_KIND[kind].is_short or (record.at or 0) >= begun:
                named.setdefault(kind, {}).setdefault(identity, made)
    shards = []
    for kind, ids in sorted(named.items()):
        one = BY_KIND[kind]
        if not one.is_short and len(ids) <= _pages(store.count(one.name)):
            shards += [
                single(one, identity, made or _made(store, one, identity)) for identity, made in sorted(ids.items())
            ]
        else:
            store.remove(one.name, ids)  # the list brings back those that still exist
            shards.append(whole_list(one))
    return shards


def _named(event: dict[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """Name the objects that an event says changed: kind, id, and when it was made, where the event tells."""
    changed = (event.get("data") or {}).get("object") or {}
    kind, identity = changed.get("object"), changed.get("id")
    others = ((field, changed.get(field)) for field in _ALSO_CHANGED.get(kind or "", ()))
    for name, one in ((kind, identity), *others):
        found = one.get("id") if isinstance(one, dict) else one
        listed = BY_KIND.get(name or "")
        if isinstance(found, str) and listed and listed.name != "events":
            yield listed.kind, found, changed.get("created") if found == identity else None


def _made(store: SnapshotStore, one: StripeList, identity: str) -> int | None:
    known = store.get(one.name, identity)
    return known.at if known else None


def single(one: StripeList, identity: str, made: int | None = None) -> Shard:
    """Make the shard of one object, which was made at a time (epoch seconds) if that is known."""
    end = None if made is None else made + 1
    return Shard(
        one.name, f"{one.name}/{identity}", f"{one.path}/{identity}", _forsingle(one), gte=made, lt=end, step="one"
    )


def _forsingle(one: StripeList) -> dict[str, Any]:
    """Write the parameters for one object: what a list expands below ``data`` stands at the top of it."""
    expanded = [name.removeprefix("data.") for name in one.query.get("expand", [])]
    return {"expand": expanded} if expanded else {}


def _pages(count: int) -> int:
    return count // PAGE + 1
