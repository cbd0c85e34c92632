"""Begin a pull: go on with the one that was interrupted, merge into the last, or pull all, and say why."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recon_kit import clock
from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.stripe_api.catalogue import BY_NAME, queries
from recon_kit.extract.stripe_api.client import API_VERSION, NoPermission, NotThere
from recon_kit.extract.stripe_api.embedded import listed_with
from recon_kit.extract.stripe_api.pages import read_object, read_page

if TYPE_CHECKING:
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.pulling.snapshots import Snapshot, Snapshots
    from recon_kit.extract.stripe_api.client import StripeApi

_DAY = 86_400
HORIZON = 29 * _DAY
"""Seconds; Stripe keeps events for 30 days, and a day is left for the pull itself."""
OVERLAP = 3_600
"""Seconds before the last pull began that are asked for again: clocks differ, and lists lag behind."""
LAG = 300
"""Seconds that a list may lag behind an event, during a full pull."""


@dataclass(frozen=True)
class _Base:
    """What a pull starts from: the snapshot to merge into, or why there is none; whose events are kept."""

    parent: Snapshot | None
    why_full: str
    events_of: Snapshot | None = None


def begin_or_resume(snapshots: Snapshots, api: StripeApi) -> Snapshot:
    """Find the partial snapshot to go on with, or begin one.

    Returns:
        The snapshot; its facts say ``kind``, ``why_full``, ``began`` (Stripe's clock), ``since`` (what changed after it
        is fetched), ``mode``, ``api_version``, ``lineage`` and ``unknown`` (lists of which it knows nothing).

    Raises:
        PullStopped: the key is refused, or nothing is answered.
    """
    try:
        events_readable = _may_read_events(api)
        partial = snapshots.partial()
        if partial is not None and not _why_not(partial, api):
            return partial
        return _begin(snapshots, api, _base(snapshots, api, events_readable=events_readable))
    except TriesExhausted as silent:
        raise silent.stops("Stripe") from None


def _begin(snapshots: Snapshots, api: StripeApi, base: _Base) -> Snapshot:
    began = api.server_time
    facts: dict[str, Any] = {
        "kind": "incremental" if base.parent else "full",
        "why_full": base.why_full,
        "began": began,
        "since": began - LAG,
        "mode": api.mode,
        "api_version": API_VERSION,
        "asked": _asked(),
        "lineage": [],
        "unknown": [],
    }
    if base.parent is not None:
        with base.parent.open(read_only=True) as store:
            facts["since"] = _known_until(store) - OVERLAP
            facts["unknown"] = listed_with(store.fact("absent", {}))
        facts["lineage"] = [base.parent.name, *base.parent.record().lineage]
    snapshot = snapshots.begin(clock.now(), copy_of=base.parent, facts=facts)
    if base.events_of is not None:
        with snapshot.open() as store:
            store.copy_records(base.events_of.file, "events")
    return snapshot


def _base(snapshots: Snapshots, api: StripeApi, *, events_readable: bool) -> _Base:
    parent = snapshots.newest()
    if parent is None:
        return _Base(None, "it is the first pull")
    if not _is_same_account(parent, api):
        return _Base(None, "the last snapshot is of another Stripe account, or its test data were deleted")
    if not events_readable:
        return _Base(None, "the key may not read events, which tell what changed", parent)
    why_not = _why_not(parent, api)
    with parent.open(read_only=True) as store:
        same_mode = store.fact("mode") == api.mode
        if not why_not and "events" in store.fact("absent", {}):
            why_not = "the last pull could not read events, which tell what changed"
    return _Base(None, why_not, parent if same_mode else None) if why_not else _Base(parent, "")


def _why_not(snapshot: Snapshot, api: StripeApi) -> str:
    """Tell why nothing can be merged into a snapshot; empty when it can."""
    with snapshot.open(read_only=True) as store:
        mode, version, began = store.fact("mode"), store.fact("api_version"), store.fact("began", 0)
        asked = store.fact("asked")
    if mode != api.mode:
        return f"the last snapshot is of {mode} mode"
    if version != API_VERSION:
        return f"the API version changed from {version} to {API_VERSION}"
    if asked != _asked():
        return "this version of the kit asks for other fields"
    age = api.server_time - began
    if age > HORIZON:
        return f"the last snapshot is {age // _DAY} days old, and Stripe keeps events, which tell what changed, for 30"
    return "" if _is_same_account(snapshot, api) else "the snapshot is of another Stripe account"


def _known_until(store: SnapshotStore) -> int:
    """Tell until when a snapshot knows the account: its newest event, should the clock of what happens lag behind."""
    began = int(store.fact("began"))
    newest = store.newest("events", since=began - HORIZON)
    return began if newest is None or newest.at is None else min(began, newest.at)


def _asked() -> str:
    return hashlib.sha256(json.dumps(queries(), sort_keys=True).encode()).hexdigest()


def _may_read_events(api: StripeApi) -> bool:
    try:
        api.get("/v1/events", {"limit": 1}, read_page)
    except NoPermission:
        return False
    return True


def _is_same_account(snapshot: Snapshot, api: StripeApi) -> bool:
    """Ask for the newest record that is known of a list from which nothing is deleted: another account has it not."""
    recent = api.server_time - HORIZON
    with snapshot.open(read_only=True) as store:
        known = {"events": store.newest("events", since=recent)}
        known |= {name: store.newest(name) for name in ("balance_transactions", "charges")}
    for name, record in known.items():
        if record is not None:
            try:
                api.get(f"{BY_NAME[name].path}/{record.id}", {}, read_object)
            except NotThere as unknown:
                if unknown.is_gone:
                    return False
                continue
            except NoPermission:
                continue
            return True
    return True
