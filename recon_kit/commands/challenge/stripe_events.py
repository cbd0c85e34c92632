"""The events by which Stripe tells that a subscription changed or ended."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recon_kit.commands.challenge.stripe_verbs import Record


def updated(before: Record, after: Record, event_id: str, at: int) -> Record:
    """Tell a change of a subscription as the event that Stripe sends, with what was before."""
    return _event("customer.subscription.updated", after, event_id, at, previous=previous_attributes(before, after))


def deleted(after: Record, event_id: str, at: int) -> Record:
    """Tell the end of a subscription as the event that Stripe sends."""
    return _event("customer.subscription.deleted", after, event_id, at)


def previous_attributes(before: Record, after: Record) -> Record:
    """List what changed, as it was: nested objects by their changed keys only, lists whole, new keys as null."""
    changed: Record = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            both = isinstance(old, dict) and isinstance(new, dict)
            changed[key] = previous_attributes(old, new) if both else old  # type: ignore[arg-type]
    return changed


def _event(kind: str, after: Record, event_id: str, at: int, previous: Record | None = None) -> Record:
    body: Record = {"object": copy.deepcopy(after)}
    if previous is not None:
        body["previous_attributes"] = copy.deepcopy(previous)
    return {
        "id": event_id,
        "object": "event",
        "api_version": "2024-06-20" if "current_period_end" in after else "2025-03-31.basil",
        "created": at,
        "data": body,
        "livemode": after.get("livemode", True),
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
