"""Stripe events: every dated change of an object, with what it said before."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .identifiers import is_even, stripe_id
from .stripe_json_prices import VERSIONS, Json, Shape
from .timeline import Change

Own = TypeVar("Own")
State = TypeVar("State")
KEPT_DAYS = 30
CARRIES_OLD_VALUES = {"charge.refunded"}  # beside every ``….updated``


def shape_of(name: str, shape: str) -> Shape:
    """Shape in which an object is written; ``mixed`` decides by its id."""
    if shape == "mixed":
        return "old" if is_even(name) else "new"
    return "old" if shape == "old" else "new"


def shaped(write: Callable[[Own, State, Shape], Json], own: Own) -> Callable[[State, int, Shape], Json]:
    """Writer of one object whose JSON depends on its state and the shape."""
    return lambda state, _at, shape: write(own, state, shape)


def plain(write: Callable[[Own, State], Json], own: Own) -> Callable[[State, int, Shape], Json]:
    """Writer of one object whose JSON is the same in both shapes."""
    return lambda state, _at, _shape: write(own, state)


def previous_attributes(before: Json, after: Json) -> Json:
    """What changed, as it was: nested objects by their changed keys only, lists whole, new keys as null."""
    changed: Json = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        changed[key] = previous_attributes(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return changed


def events_of(
    object_id: str,
    before: Change[State] | None,
    change: Change[State],
    write: Callable[[State, int, Shape], Json],
    shape: str,
    *,
    livemode: bool,
) -> Iterator[Json]:
    """Events of one change: its own, and the update that carries the old values when its own kind does not."""
    if not change.event:
        return
    tells = before is None or change.event.endswith((".updated", ".deleted")) or change.event in CARRIES_OLD_VALUES
    kinds = [change.event] if tells else [change.event.rsplit(".", 1)[0] + ".updated", change.event]
    for kind in kinds:
        name = stripe_id("event", object_id, change.at, kind)
        own = shape_of(name, shape)
        body: dict[str, Any] = {"object": write(change.state, change.at, own)}
        if before is not None and (kind.endswith(".updated") or kind in CARRIES_OLD_VALUES):
            body["previous_attributes"] = previous_attributes(write(before.state, before.at, own), body["object"])
        yield {
            "id": name,
            "object": "event",
            "api_version": VERSIONS[own],
            "created": change.at,
            "data": body,
            "livemode": livemode,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
