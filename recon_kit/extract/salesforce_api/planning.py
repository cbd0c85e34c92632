"""What a pull asks for: every row of an object, or those that changed since the snapshot before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simple_salesforce.exceptions import SalesforceError

from recon_kit import clock
from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.salesforce_api.bulk import PAGE_ROWS, ROWS_FOR_BULK, bulk_shard
from recon_kit.extract.salesforce_api.cells import soql_moment
from recon_kit.extract.salesforce_api.faults import words_of
from recon_kit.extract.salesforce_api.limits import BULK_JOBS, limits_left, require_requests
from recon_kit.extract.salesforce_api.rest import PAGE_ROWS as REST_ROWS
from recon_kit.extract.salesforce_api.rest import rest_shard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon_kit.extract.pulling.shards import Shard
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.extract.salesforce_api.describing import Org
    from recon_kit.extract.salesforce_api.fields import Selection

_OVERLAP = 3_600 * 1_000_000
"""Microseconds that a pull looks back beyond the one before: a long transaction shows its rows after their stamp."""
_MICRO = 1_000_000
_MOST_RELATED, _RELATED_AT_ONCE = 1_000, 200
_PER_PULL = 30
"""Requests besides pages: login, describes, counts, looks at jobs."""


@dataclass(frozen=True)
class Plan:
    """What is asked of one object.

    Attributes:
        shards: to be opened.
        why_full: why all rows are asked for although a snapshot is there; empty: there is none, or only changes are.
    """

    shards: tuple[Shard, ...]
    why_full: str = ""


def count_live(asking: Asking, org: Org) -> dict[str, int]:
    """Ask how many live rows each object has; an object that Salesforce will not count is left out.

    Raises:
        TriesExhausted: a second object in vain, so that nothing seems to be answered any more.
    """
    counts = {}
    in_vain = 0
    for name in org.selections:
        try:
            counts[name] = asking.ask(lambda session, counted=name: session.count(counted))  # type: ignore[misc]
        except SalesforceError:
            continue
        except TriesExhausted:
            in_vain += 1
            if in_vain > 1:
                raise
    return counts


def full_shard(selection: Selection, key: str, rows: int | None, *, bulk: bool = True) -> Shard:
    """Ask for all rows of an object, deleted ones too: by a Bulk job where they are many."""
    shard_of = bulk_shard if bulk and rows is not None and rows > ROWS_FOR_BULK else rest_shard
    return shard_of(selection.object_name, key, selection.soql, replaces=True)


def changes_shard(selection: Selection, key: str, since: int) -> Shard:
    """Ask for the rows that changed since a moment (microseconds since 1970); the object must have a stamp."""
    soql = f"{selection.soql} WHERE {selection.stamp} >= {soql_moment(since)}"
    return rest_shard(selection.object_name, key, soql, replaces=False)


def plan_full(asking: Asking, org: Org, counts: Mapping[str, int]) -> dict[str, Plan]:
    """Plan to pull everything.

    Raises:
        PullStopped: the org has too few requests left.
    """
    left = limits_left(asking)
    large = [rows for rows in counts.values() if rows > ROWS_FOR_BULK]
    bulk = BULK_JOBS not in left or left[BULK_JOBS][0] > len(large)
    pages = sum(
        math.ceil(rows / (PAGE_ROWS if bulk and rows > ROWS_FOR_BULK else REST_ROWS)) for rows in counts.values()
    )
    require_requests(left, pages + _PER_PULL)
    return {
        name: Plan((full_shard(selection, name, counts.get(name), bulk=bulk),))
        for name, selection in org.selections.items()
    }


@dataclass(frozen=True)
class Earlier:
    """The snapshot before.

    Attributes:
        store: its records.
        columns: what was asked of each object.
        began: when its pull began, by the earlier of the two clocks, in microseconds since 1970.
    """

    store: SnapshotStore
    columns: Mapping[str, Sequence[str]]
    began: int


def plan_changes(asking: Asking, org: Org, counts: Mapping[str, int], earlier: Earlier) -> dict[str, Plan]:
    """Plan to merge what changed into a copy of the snapshot before; objects for which that is not enough, in full.

    Raises:
        PullStopped: the org has too few requests left.
    """
    require_requests(limits_left(asking), _PER_PULL)
    return {
        name: _plan_change(asking, selection, counts.get(name), earlier) for name, selection in org.selections.items()
    }


def _plan_change(asking: Asking, selection: Selection, rows: int | None, earlier: Earlier) -> Plan:
    name = selection.object_name
    why = _why_not_changes(selection, earlier.columns.get(name))
    related = None if why else _through_related(asking, selection, earlier.began - _OVERLAP)
    if related is None:
        return Plan((full_shard(selection, name, rows),), why or "records that it refers to changed in great number")
    since = min(earlier.began, _newest(earlier.store, name, earlier.began)) - _OVERLAP
    return Plan((changes_shard(selection, name, since), *related))


def _why_not_changes(selection: Selection, columns_then: Sequence[str] | None) -> str:
    if columns_then is None:
        return "it was not in the last snapshot"
    if tuple(columns_then) != selection.columns:
        return "its fields are others than in the last snapshot"
    if selection.stamp is None:
        return "its rows do not say when they changed"
    if selection.has_formulas:
        return "it has formula fields, which change without a trace"
    return ""


def _newest(store: SnapshotStore, object_name: str, otherwise: int) -> int:
    newest = next(store.records(object_name, newest_first=True), None)
    return otherwise if newest is None or newest.at is None else newest.at


def _through_related(asking: Asking, selection: Selection, since: int) -> list[Shard] | None:
    """Ask for the rows whose owner, product or other related record changed: their own stamp does not tell.

    Returns:
        Shards; none where so many changed that all rows may as well be asked for.
    """
    shards = []
    for key, targets in selection.related.items():
        changed = [
            record_id for target, stamp in targets.items() for record_id in _changed(asking, target, stamp, since)
        ]
        if len(changed) > _MOST_RELATED:
            return None
        for start in range(0, len(changed), _RELATED_AT_ONCE):
            ids = ", ".join(f"'{record_id}'" for record_id in changed[start : start + _RELATED_AT_ONCE])
            soql = f"{selection.soql} WHERE {key} IN ({ids})"
            shards.append(
                rest_shard(selection.object_name, f"{selection.object_name} {key} {start}", soql, replaces=False)
            )
    return shards


def _changed(asking: Asking, target: str, stamp: str, since: int) -> list[str]:
    """List records of a related object that changed; none where this user may not ask, and their names may be old."""
    soql = f"SELECT Id FROM {target} WHERE {stamp} >= {soql_moment(since)} LIMIT {_MOST_RELATED + 1}"  # noqa: S608
    try:
        page = asking.ask(lambda session: session.query(soql))
    except SalesforceError as fault:
        asking.remark(f"Changed names of {target} records are not seen between full pulls ({words_of(fault)}).")
        return []
    return sorted(str(row["Id"]) for row in page["records"])


def moment_begun(server_time: int | None) -> int:
    """Return now in microseconds since 1970, by our clock or Salesforce's, whichever is behind."""
    ours = clock.epoch()
    return min(ours, ours if server_time is None else server_time) * _MICRO
