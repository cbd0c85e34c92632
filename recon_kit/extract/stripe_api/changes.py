"""What changed since the last pull: the objects that events name, and those whose state changes without any event."""

from __future__ import annotations

import json
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
        return [single(one, record.id) for record in open_ones]
    return [whole_list(one, since=oldest)]


def changed_objects(store: SnapshotStore, since: int) -> list[Shard]:
    """List what to ask for to get the objects again that events since a time name.

    Args:
        store: holds the events.
        since: in epoch seconds.

    Returns:
        One shard an object, or the whole list where that takes fewer requests. Lists that are asked for anew with
        every pull are left out.
    """
    named: dict[str, set[str]] = {}
    for record in store.records("events", since=since):
        for kind, identity in _named(json.loads(record.text)):
            named.setdefault(kind, set()).add(identity)
    shards = []
    for kind, ids in sorted(named.items()):
        one = BY_KIND[kind]
        if len(ids) <= _pages(store.count(one.name)):
            shards += [single(one, identity) for identity in sorted(ids)]
        else:
            store.remove(one.name, ids)  # the list brings back those that still exist
            shards.append(whole_list(one))
    return shards


def _named(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    changed = (event.get("data") or {}).get("object") or {}
    kind, identity = changed.get("object"), changed.get("id")
    others = ((field, changed.get(field)) for field in _ALSO_CHANGED.get(kind or "", ()))
    for name, one in ((kind, identity), *others):
        found = one.get("id") if isinstance(one, dict) else one
        listed = BY_KIND.get(name or "")
        if isinstance(found, str) and listed and not listed.is_short and listed.name != "events":
            yield listed.kind, found


def single(one: StripeList, identity: str) -> Shard:
    """Make the shard of one object."""
    return Shard(one.name, f"{one.name}/{identity}", f"{one.path}/{identity}", _forsingle(one), step="one")


def _forsingle(one: StripeList) -> dict[str, Any]:
    """Write the parameters for one object: what a list expands below ``data`` stands at the top of it."""
    expanded = [name.removeprefix("data.") for name in one.query.get("expand", [])]
    return {"expand": expanded} if expanded else {}


def _pages(count: int) -> int:
    return count // PAGE + 1
