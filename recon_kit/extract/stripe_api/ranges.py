"""Split what remains of a list into ranges of time, so that idle workers share it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recon_kit.extract.pulling.shards import Shard

_STRIPE_BEGAN = 1_262_304_000
"""2010-01-01 UTC: hardly anything is older, so that ranges are halved from here; what is older is still fetched."""
_MOST_PARTS = 16
_WORTH_PAGES = 2
"""Of a part; each part ends with a page that is not full."""


def shared(rest: Shard, *, newest: int, oldest: int, on_page: int, idle: int) -> list[Shard]:
    """Split what remains of a list after a page of it.

    Args:
        rest: what remains: its cursor is the last object of the page.
        newest: ``created`` of the page's first object, in epoch seconds.
        oldest: that of its last.
        on_page: objects on the page.
        idle: workers with nothing to do.

    Returns:
        Half-open ranges that together are ``rest``, without gap or overlap. The newest keeps the cursor and the upper
        bound; the oldest keeps the lower bound. One alone when too few objects seem to remain to be worth it.
    """
    begin = _STRIPE_BEGAN if rest.gte is None else rest.gte
    span = oldest - begin
    pages = span / max(newest - oldest, 1) * on_page / 100
    parts = min(idle + 1, _MOST_PARTS, span, int(pages / _WORTH_PAGES))
    if parts <= 1:
        return [rest]
    bounds = [begin + span * part // parts for part in range(1, parts)]
    lows = [rest.gte, *bounds]
    highs = [*bounds, rest.lt]
    pieces = [
        dataclasses.replace(rest, gte=low, lt=high, after=None, pages=0, key=f"{rest.object_name} {low or 0} {high}")
        for low, high in zip(lows, highs, strict=True)
    ]
    upper = dataclasses.replace(rest, gte=bounds[-1])
    return [upper, *reversed(pieces[:-1])]
