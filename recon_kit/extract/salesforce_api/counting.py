"""Is everything there? As many live rows as Salesforce counts, object by object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simple_salesforce.exceptions import SalesforceError

from recon_kit.extract.pulling.record import Missing
from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.salesforce_api.cells import LIVE
from recon_kit.extract.salesforce_api.faults import words_of
from recon_kit.extract.salesforce_api.planning import changes_shard, full_shard

if TYPE_CHECKING:
    from recon_kit.extract.pulling.shards import Shard
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.extract.salesforce_api.fetching import Fetching

ROUNDS = 4
"""How often rows are fetched again because they are not as many as Salesforce counts."""


def settle_counts(fetching: Fetching, *, begun: int, were_full: set[str]) -> tuple[dict[str, int], list[Missing]]:
    """Fetch again until each object has as many live rows as Salesforce counts.

    Rows that are made or deleted while others are fetched are among what changed since the pull began; rows that were
    purged leave no trace, so that only the whole object helps.

    Args:
        fetching: with all shards closed or buried.
        begun: when the pull began, in microseconds since 1970.
        were_full: objects of which all rows were just asked for.

    Returns:
        Live rows that Salesforce counts, by object, and the objects that still have others.
    """
    store, asking = fetching.store, fetching.asking
    full = set(were_full)
    for number in range(ROUNDS + 1):
        counted, faults = _counts(asking, fetching)
        dead = {letter.shard.object_name for letter in store.dead()}
        differing = {name for name, rows in counted.items() if name not in dead and rows != live_rows(store, name)}
        if not differing or number == ROUNDS:
            return counted, [*faults, *(_short(store, name, counted[name]) for name in sorted(differing))]
        store.add_shards([_again(fetching, name, counted[name], name in full, begun) for name in sorted(differing)])
        full ^= differing
        fetching.fetch_all()
    raise AssertionError  # the last round returns


def live_rows(store: SnapshotStore, object_name: str) -> int:
    """Count the rows of an object that are not deleted."""
    return sum(record.parent == LIVE for record in store.records(object_name))


def _counts(asking: Asking, fetching: Fetching) -> tuple[dict[str, int], list[Missing]]:
    counted, faults = {}, []
    for name in fetching.selections:
        try:
            counted[name] = asking.ask(lambda session, wanted=name: session.count(wanted))  # type: ignore[misc]
        except SalesforceError as fault:
            faults.append(Missing(name, "count of live rows", asking.clean(words_of(fault)), 1))
        except TriesExhausted as fault:
            faults.append(Missing(name, "count of live rows", str(fault), fault.attempts))
    return counted, faults


def _again(fetching: Fetching, name: str, rows: int, was_full: bool, begun: int) -> Shard:  # noqa: FBT001
    selection = fetching.selections[name]
    if was_full and selection.stamp:
        return changes_shard(selection, name, begun)
    return full_shard(selection, name, rows)


def _short(store: SnapshotStore, name: str, counted: int) -> Missing:
    words = f"Salesforce counts {counted} live rows, {live_rows(store, name)} arrived"
    return Missing(name, "all rows", words, ROUNDS)
