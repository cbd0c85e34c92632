"""Wind one Stripe object back: undo the events after as_of, newest first, on its JSON text.

Plain JSON, because only the few objects with later events come here. An event keeps the API version it was made with,
so what it restores may stand under another path than the object's own; the other paths are then cleared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_SAME_FIELD = (
    ("discount", "discounts"),
    ("total_taxes", "tax", "total_tax_amounts"),
    ("price", "plan"),
    ("collection_method", "billing"),
)
"""Top-level keys under which API versions keep the same fact."""
_PERIOD = ("current_period_start", "current_period_end")
_ITEM = ("quantity", "plan", "price")


@dataclass(frozen=True)
class LaterEvent:
    """An event after as_of.

    Attributes:
        event_id: its id.
        seconds: when it happened.
        previous: ``data.previous_attributes``.
        payload: ``data.object``, the state after it.
    """

    event_id: str
    seconds: int
    previous: Json
    payload: Json


def wind_back(text: str, later: list[LaterEvent]) -> str:
    """Return the JSON text an object had before its later events."""
    state: Json = json.loads(text)
    for event in newest_first(state, later):
        state = before(state, event.previous)
    return json.dumps(state)


def newest_first(state: Json, later: list[LaterEvent]) -> list[LaterEvent]:
    """Order events so that each undoes the state that the ones before it left.

    Events of one second have no order of their own: the one whose result the object still shows goes first, then the
    larger id.
    """
    waiting = sorted(later, key=lambda event: (event.seconds, event.event_id), reverse=True)
    ordered: list[LaterEvent] = []
    while waiting:
        same_second = [event for event in waiting if event.seconds == waiting[0].seconds]
        chosen = next((event for event in same_second if _shows(state, event.payload, event.previous)), same_second[0])
        waiting.remove(chosen)
        ordered.append(chosen)
        if len(same_second) > 1 or waiting:
            state = before(state, chosen.previous)
    return ordered


def before(state: Json, previous: Json) -> Json:
    """Return a state with the previous attributes of one event put back: hashes deeply, arrays as a whole.

    Items of a subscription that say neither price nor plan tell only what changed about them: the rest is as it is.
    """
    restored = _merged(state, previous)
    _complete_items(restored, state)
    for same in _SAME_FIELD:
        if any(key in previous for key in same):
            restored.update({key: None for key in same if key not in previous and restored.get(key) is not None})
    _put_into_items(restored, previous)
    _keep_periods(restored, state)
    return restored


def _merged(state: Json, previous: Json) -> Json:
    merged = dict(state)
    for key, value in previous.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return merged


def items_of(state: Json) -> list[Json]:
    """List the items of a subscription; none where it tells none."""
    items = state.get("items")
    listed = items.get("data") if isinstance(items, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _complete_items(restored: Json, state: Json) -> None:
    told, present = items_of(restored), items_of(state)
    if all("price" in item or "plan" in item for item in told):
        return
    only = present[0] if len(present) == len(told) == 1 else {}
    known = {item.get("id"): item for item in present}
    whole = [item if "price" in item or "plan" in item else known.get(item.get("id"), only) | item for item in told]
    restored["items"] = {**restored["items"], "data": whole}


def _put_into_items(restored: Json, previous: Json) -> None:
    """Put what an old event tells at the top of a subscription (period, plan, quantity) on its items."""
    if "items" in previous or not (items := items_of(restored)):
        return
    told = [key for key in _PERIOD if key in previous]
    told += [key for key in _ITEM if key in previous and len(items) == 1]
    changed = [{**item, **{key: restored[key] for key in told}} for item in items]
    for item in changed:
        if "plan" in told and "price" not in told:
            item["price"] = None
    restored["items"] = {**restored["items"], "data": changed}


def _keep_periods(restored: Json, state: Json) -> None:
    """Items put back by an old event carry no period: it is then the one the subscription had."""
    items = items_of(restored)
    for key in _PERIOD:
        known = [item[key] for item in items_of(state) if item.get(key) is not None]
        if known and restored.get(key) is None and not any(item.get(key) is not None for item in items):
            restored[key] = known[0]


def _shows(state: Json, payload: Json, previous: Json) -> bool:
    return all(
        _shows(state[key], payload[key], value)
        if isinstance(value, dict) and isinstance(state.get(key), dict) and isinstance(payload.get(key), dict)
        else state.get(key) == payload.get(key)
        for key, value in previous.items()
    )
