"""Pull from Stripe: bring a snapshot up to date, all of it or what changed; a kill at any moment costs little."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from recon_kit.extract.pulling.progress import Progress
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.extract.stripe_api.beginning import LAG, begin_or_resume
from recon_kit.extract.stripe_api.catalogue import BY_NAME, LISTS, MORE_ITEMS
from recon_kit.extract.stripe_api.changes import changed_objects, made_in_a_pause, new_objects, whole_list
from recon_kit.extract.stripe_api.client import StripeApi, requests_per_second
from recon_kit.extract.stripe_api.counts import check_counts
from recon_kit.extract.stripe_api.embedded import put_items_in
from recon_kit.extract.stripe_api.summary import record_of
from recon_kit.extract.stripe_api.workers import Workers
from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from recon_kit.extract.pulling.record import PullRecord
    from recon_kit.extract.pulling.retrying import Patience
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.policy import Policy

_LOG = logging.getLogger("recon_kit.extract")
_SLOW_ANSWER = 0.5
"""Seconds an answer may take while the rate is still kept up."""
_FEWEST, _MOST = 4, 40
"""Requests under way at a time."""
BEGUN, LISTED, CAUGHT_UP, DONE = "begun", "listed", "caught up", "done"


def pull_stripe(
    folder: Path,
    policy: Policy,
    *,
    environment: Mapping[str, str],
    show_progress: bool,
    patience: Patience | None = None,
) -> PullRecord:
    """Bring the newest snapshot of Stripe up to date.

    Goes on with a pull that was interrupted; otherwise merges what changed into a copy of the last snapshot; pulls all
    where that is not possible, and says why.

    Args:
        folder: of all snapshots.
        policy: mode and requests per second.
        environment: ``STRIPE_API_KEY``, and ``RECON_STRIPE_API_BASE`` where requests go elsewhere.
        show_progress: in the terminal or the notebook.
        patience: time-outs and tries of a request.

    Returns:
        The record, also written beside the store. When it is not ``complete``, the snapshot stays partial and the next
        pull fetches what is missing.

    Raises:
        PullStopped: nothing more can be fetched until someone does what the message says.
    """
    snapshots = Snapshots(folder, STRIPE)
    workers = workers_for(requests_per_second(policy))
    with snapshots.locked(), StripeApi(environment, policy, workers=workers, patience=patience) as api:
        snapshot = begin_or_resume(snapshots, api)
        expected = _rows_before(snapshots)
        with snapshot.open() as store:
            api.tally.requests, api.tally.retries, api.tally.rate_limited = _sent_before(store, api)
            done = sum(store.objects().values()) if store.fact("kind") == "full" else 0
            with Progress(STRIPE, shown=show_progress, expected=expected, done=done) as progress:
                _bring_up_to_date(store, Workers(api, store, progress, count=workers))
            record = record_of(store, snapshot.name)
            _tell(record)
            if record.complete:
                store.seal()
        if not record.complete:
            snapshot.write_record(record)
            return record
        snapshots.finish(snapshot, record)
        return record


def workers_for(per_second: float) -> int:
    """Tell how many requests must be under way to keep up a rate while answers take half a second."""
    return min(_MOST, max(_FEWEST, math.ceil(per_second * _SLOW_ANSWER)))


def _bring_up_to_date(store: SnapshotStore, workers: Workers) -> None:
    _retry_what_failed(store, workers)
    if store.fact("phase") is None:
        _open_lists(store, workers)
    else:
        _open_what_a_pause_brought(store, workers)
    workers.drain()
    if store.fact("phase") == BEGUN:
        opened = [whole_list(BY_NAME["events"], since=store.fact("since"))] if store.fact("kind") == "full" else []
        workers.open(opened, facts={"phase": LISTED})
        workers.drain()
    if store.fact("phase") == LISTED:
        changed = changed_objects(store, store.fact("since"), begun=store.fact("began"))
        workers.open(changed, facts={"phase": CAUGHT_UP})
    workers.drain()
    if not any(letter.shard.object_name == MORE_ITEMS for letter in store.dead()):
        put_items_in(store)
    store.set_facts(phase=DONE, counted=check_counts(store), **workers.facts())


def _open_lists(store: SnapshotStore, workers: Workers) -> None:
    if store.fact("kind") == "full":
        shards = [whole_list(each) for each in LISTS]
    else:
        unknown = store.fact("unknown", [])
        shards = new_objects(store, store.fact("since"), unknown=unknown)
        for each in LISTS:
            if each.is_short or (each.name in unknown and each.name != "events"):
                store.remove(each.name)
    workers.open(shards, facts={"phase": BEGUN})


def _open_what_a_pause_brought(store: SnapshotStore, workers: Workers) -> None:
    """Ask an interrupted pull that goes on also for what was made or changed since it heard of Stripe last."""
    heard = max(store.fact("since"), store.fact("heard", 0) - LAG)
    is_done = store.fact("phase") in {CAUGHT_UP, DONE}  # then what changed before is fetched, or open
    workers.open(made_in_a_pause(heard), facts={"phase": BEGUN} | ({"since": heard} if is_done else {}))


def _retry_what_failed(store: SnapshotStore, workers: Workers) -> None:
    """Ask again for what failed, or could not be asked for, in the run before; then for what changed meanwhile."""
    opened, lists = store.unbury(), workers.ask_again()
    if opened or lists:
        workers.open(lists, facts={"absent": {}, "phase": BEGUN})


def _tell(record: PullRecord) -> None:
    """Log how many records there are, how many parts failed, and which need attention."""
    rows, failed = sum(record.rows.values()), len(record.missing)
    tell = _LOG.warning if failed or record.absent else _LOG.info
    short, absent = _joined({part.object_name for part in record.missing}), _joined(record.absent)
    message = "stripe: %d records, %d requests, %d parts failed (%s), not asked for: %s"
    tell(message, rows, record.requests, failed, short, absent)
    for part in record.missing:
        _LOG.info("stripe: missing of %s: %s: %s", part.object_name, part.shard, part.error)


def _joined(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _rows_before(snapshots: Snapshots) -> int | None:
    newest = snapshots.newest()
    return sum(newest.record().rows.values()) if newest else None


def _sent_before(store: SnapshotStore, api: StripeApi) -> tuple[int, int, int]:
    requests, retries, rate_limited = store.fact("sent", [0, 0, 0])
    tally = api.tally
    return requests + tally.requests, retries + tally.retries, rate_limited + tally.rate_limited
