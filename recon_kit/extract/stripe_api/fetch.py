"""Fetch one page of a shard: its records, and what remains to be fetched."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.shards import Record, Shard
from recon_kit.extract.stripe_api.catalogue import BY_NAME
from recon_kit.extract.stripe_api.client import NotThere
from recon_kit.extract.stripe_api.embedded import HELD_BY, inside_record, own_lists
from recon_kit.extract.stripe_api.pages import Found, Listed, read_object, read_page

if TYPE_CHECKING:
    from recon_kit.extract.stripe_api.client import StripeApi

PAGE = 100
"""Objects on a page; more are not given."""


@dataclass(frozen=True)
class Page:
    """What one request brought.

    Attributes:
        shard: what was asked.
        records: of its object.
        rest: what remains of the list; none: it is at its end.
        newest: ``created`` of the first object, in epoch seconds.
        oldest: that of the last.
        inside: lists inside the objects that come with requests of their own.
        childless: (object, parent) of what was known of such lists before.
        gone: the id of an object that Stripe has no more.
    """

    shard: Shard
    records: list[Record]
    rest: Shard | None = None
    newest: int = 0
    oldest: int = 0
    inside: tuple[Shard, ...] = ()
    childless: tuple[tuple[str, str], ...] = ()
    gone: str | None = None


def fetch(api: StripeApi, shard: Shard) -> Page:
    """Fetch the next page of a shard.

    Raises:
        PullStopped: an object is of the other mode, or the list does not advance.
        NoPermission, NotThere, CursorLost, TriesExhausted: as ``StripeApi.get``.
    """
    if shard.step == "one":
        return _one(api, shard)
    listed = api.get(shard.path, _asked(shard), read_page)
    _check(api, shard, listed)
    if shard.step == "inside":
        records = [inside_record(shard, each, place) for place, each in enumerate(listed.found)]
        return Page(shard, records, _rest(shard, listed))
    made = [each.content.get("created") or 0 for each in listed.found] or [0]
    page = _with_objects(shard, listed.found)
    return dataclasses.replace(page, rest=_rest(shard, listed), newest=made[0], oldest=made[-1])


def _one(api: StripeApi, shard: Shard) -> Page:
    identity = shard.path.rsplit("/", 1)[-1]
    held = HELD_BY.get(shard.object_name)
    gone = Page(shard, [], gone=identity, childless=((held, identity),) if held else ())
    try:
        found = api.get(shard.path, shard.query, read_object)
    except NotThere as unknown:
        if unknown.is_gone:
            return gone
        if shard.gte is None:
            raise
        return dataclasses.replace(gone, rest=_in_its_list(shard))
    if found.content.get("deleted"):
        return gone
    _check_mode(api, found)
    return _with_objects(shard, [found])


def _in_its_list(shard: Shard) -> Shard:
    """Look for one object in its list, where what answers does not know the object's own address."""
    one = BY_NAME[shard.object_name]
    return dataclasses.replace(shard, path=one.path, query=one.query, step="list")


def _with_objects(shard: Shard, found: list[Found]) -> Page:
    ids = [each.content.get("id") or shard.object_name for each in found]
    records = [
        Record(identity, each.content.get("created"), each.text) for identity, each in zip(ids, found, strict=True)
    ]
    held = HELD_BY.get(shard.object_name)
    childless = tuple((held, identity) for identity in ids) if held else ()
    return Page(shard, records, inside=tuple(own_lists(shard.object_name, found)), childless=childless)


def _asked(shard: Shard) -> dict[str, object]:
    asked: dict[str, object] = {"limit": PAGE, **shard.query}
    bounds = {"gte": shard.gte, "lt": shard.lt}
    created = {name: bound for name, bound in bounds.items() if bound is not None}
    if created:
        asked["created"] = created
    if shard.after is not None:
        asked["starting_after"] = shard.after
    return asked


def _rest(shard: Shard, listed: Listed) -> Shard | None:
    if not listed.has_more:
        return None
    return dataclasses.replace(shard, after=listed.found[-1].content["id"], pages=shard.pages + 1)


def _check(api: StripeApi, shard: Shard, listed: Listed) -> None:
    """Refuse answers that would make the pull wrong or endless."""
    for each in listed.found:
        _check_mode(api, each)
        made = each.content.get("created")
        if shard.step == "list" and isinstance(made, int) and not _is_within(shard, made):
            raise PullStopped(
                f"GET {shard.path}: {each.content.get('id')} was created at {made}, outside of the range asked for "
                f"({shard.gte} to {shard.lt}). What answers does not heed `created`; is it Stripe?"
            )
    if listed.has_more and (not listed.found or listed.found[-1].content.get("id") == shard.after):
        raise PullStopped(f"GET {shard.path}: the list does not advance after {shard.after}. Run again later.")


def _is_within(shard: Shard, made: int) -> bool:
    return (shard.gte is None or made >= shard.gte) and (shard.lt is None or made < shard.lt)


def _check_mode(api: StripeApi, found: Found) -> None:
    mode = found.content.get("livemode")
    if isinstance(mode, bool) and mode != (api.mode == "live"):
        named = " ".join(str(found.content[name]) for name in ("object", "id") if name in found.content)
        raise PullStopped(
            f"The key is of {api.mode} mode, but {named} is of {'live' if mode else 'test'} mode. "
            "Live and test objects are never mixed: check which system answers."
        )
