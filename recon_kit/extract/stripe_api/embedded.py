"""Lists inside objects: what does not fit into an invoice, subscription or payout comes with requests of its own."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from recon_kit.extract.pulling.shards import Record, Shard
from recon_kit.extract.stripe_api.catalogue import INVOICE_LINES, MORE_ITEMS, PAYOUT_ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.stripe_api.pages import Found

HELD_BY = {"invoices": INVOICE_LINES, "subscriptions": MORE_ITEMS, "payouts": PAYOUT_ITEMS}
"""The list inside the objects of a list."""


def listed_with(names: Iterable[str]) -> list[str]:
    """Name the lists to ask for to get these: themselves, or the list of the objects they are inside; sorted."""
    holders = {inside: holder for holder, inside in HELD_BY.items()}
    return sorted({holders.get(name, name) for name in names})


def own_lists(object_name: str, found: Iterable[Found]) -> list[Shard]:
    """List the requests that objects need for what does not fit into them."""
    ask = {"invoices": _lines, "subscriptions": _items, "payouts": _payout_items}.get(object_name)
    return [shard for each in found if (shard := ask(each.content))] if ask else []


def _lines(invoice: dict[str, Any]) -> Shard | None:
    lines = invoice.get("lines") or {}
    if not lines.get("has_more") or not lines.get("data"):
        return None
    path = f"/v1/invoices/{invoice['id']}/lines"
    return Shard(INVOICE_LINES, f"{INVOICE_LINES} {invoice['id']}", path, after=lines["data"][-1]["id"], step="inside")


def _items(subscription: dict[str, Any]) -> Shard | None:
    items = subscription.get("items") or {}
    if not items.get("has_more") or not items.get("data"):
        return None
    query = {"subscription": subscription["id"], "expand": ["data.discounts"]}
    key = f"{MORE_ITEMS} {subscription['id']}"
    return Shard(MORE_ITEMS, key, "/v1/subscription_items", query, after=items["data"][-1]["id"], step="inside")


def _payout_items(payout: dict[str, Any]) -> Shard | None:
    """Ask only for payouts whose items Stripe knows for good: automatic ones whose reconciliation is completed."""
    is_known = payout.get("automatic") and payout.get("reconciliation_status", "completed") == "completed"
    if not is_known:
        return None
    query = {"payout": payout["id"]}
    return Shard(PAYOUT_ITEMS, f"{PAYOUT_ITEMS} {payout['id']}", "/v1/balance_transactions", query, step="inside")


def parent_of(shard: Shard) -> str:
    """Name the object whose own list a shard is."""
    return shard.key.removeprefix(f"{shard.object_name} ")


def inside_record(shard: Shard, found: Found, position: int) -> Record:
    """Make the record of an element of an object's own list."""
    parent, content = parent_of(shard), found.content
    if shard.object_name == PAYOUT_ITEMS:
        link = {"payout": parent, "balance_transaction": content["id"]}
        return Record(f"{parent} {content['id']}", None, json.dumps(link), parent)
    text = found.text
    if shard.object_name == INVOICE_LINES and not content.get("invoice"):
        text = json.dumps({**content, "invoice": parent}, ensure_ascii=False)
    place = shard.pages * 100 + position if shard.object_name == MORE_ITEMS else content.get("created")
    return Record(content["id"], place, text, parent)


def put_items_in(store: SnapshotStore) -> None:
    """Put the items that were fetched apart into their subscriptions, as if they had come with them."""
    rest: dict[str, list[Record]] = {}
    for record in store.records(MORE_ITEMS):
        rest.setdefault(record.parent or "", []).append(record)
    whole = [
        _with_items(subscription, sorted(more, key=lambda each: each.at or 0))
        for parent, more in sorted(rest.items())
        if (subscription := store.get("subscriptions", parent))
    ]
    store.keep("subscriptions", whole)
    store.remove(MORE_ITEMS)


def _with_items(subscription: Record, more: list[Record]) -> Record:
    content = json.loads(subscription.text)
    embedded = content["items"]["data"]
    known = {item["id"] for item in embedded}
    embedded.extend(item for item in map(json.loads, (each.text for each in more)) if item["id"] not in known)
    content["items"]["has_more"] = False
    text = json.dumps(content, ensure_ascii=False, separators=(",", ": "))
    return dataclasses.replace(subscription, text=text)
