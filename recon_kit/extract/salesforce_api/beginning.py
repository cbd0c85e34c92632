"""Where a pull begins: with a snapshot that was interrupted, a copy of the last one, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recon_kit import clock
from recon_kit.extract.salesforce_api.planning import (
    Earlier,
    changes_shard,
    count_live,
    moment_begun,
    plan_changes,
    plan_full,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.pulling.snapshots import Snapshot, Snapshots
    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.extract.salesforce_api.describing import Org
    from recon_kit.extract.salesforce_api.planning import Plan


def begin(asking: Asking, org: Org, snapshots: Snapshots) -> Snapshot:
    """Open the shards of a pull.

    Returns:
        A partial snapshot whose facts say what is pulled: ``began``, ``org``, ``api_version``, ``columns``,
        ``queries``, ``full`` (objects of which all rows are asked for), ``why_full``, ``remarks``, ``expected``,
        ``lineage``.

    Raises:
        PullStopped: the org has too few requests left.
    """
    partial = snapshots.partial()
    if partial is not None and _goes_on(partial, asking, org):
        return partial
    return _begin_new(asking, org, snapshots)


def _goes_on(partial: Snapshot, asking: Asking, org: Org) -> bool:
    """Open what failed or is old of an interrupted pull, where pages of both fit together."""
    with partial.open() as store:
        if any(store.fact(name) != value for name, value in _identity(asking, org).items()):
            return False
        store.unbury()
        _catch_up(store, org)
        return True


def _identity(asking: Asking, org: Org) -> dict[str, Any]:
    """Say what a snapshot is made from: which org, by which version, which fields."""
    columns = {name: list(selection.columns) for name, selection in org.selections.items()}
    return {"org": asking.session.org, "api_version": asking.session.api_version, "columns": columns}


def _catch_up(store: SnapshotStore, org: Org) -> None:
    """Ask a resumed pull also for what changed since it began: its first pages may be old."""
    began = int(store.fact("began"))
    store.add_shards(
        changes_shard(selection, f"{name} since", began)
        for name, selection in org.selections.items()
        if selection.stamp
    )


@dataclass(frozen=True)
class _Last:
    """What is known of the last snapshot."""

    snapshot: Snapshot | None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def why_full(self, now: Mapping[str, Any]) -> str:
        """Say why its records are no ground to merge changes into; nothing where they are."""
        if self.snapshot is None:
            return "there is no snapshot yet"
        if self.facts["org"] != now["org"]:
            return "the last snapshot is of another org"
        if self.facts["api_version"] != now["api_version"]:
            return "the last snapshot was made with another API version"
        return ""


def _last(snapshots: Snapshots) -> _Last:
    snapshot = snapshots.newest()
    if snapshot is None:
        return _Last(None)
    with snapshot.open(read_only=True) as store:
        return _Last(snapshot, {name: store.fact(name) for name in ("org", "api_version", "columns", "began")})


def _begin_new(asking: Asking, org: Org, snapshots: Snapshots) -> Snapshot:
    last, now = _last(snapshots), _identity(asking, org)
    started_at, began = clock.now(), moment_begun(asking.session.server_time)
    counts = count_live(asking, org)
    why_full = last.why_full(now)
    plans = plan_full(asking, org, counts) if why_full else _planned_changes(asking, org, counts, last)
    copied = None if why_full else last.snapshot
    facts = now | {
        "began": began,
        "queries": {name: str(plan.shards[0].query["soql"]) for name, plan in plans.items()},
        "full": sorted(name for name, plan in plans.items() if plan.shards[0].query["replaces"]),
        "why_full": why_full,
        "remarks": [*_in_full(plans), *_lost(last, org)],
        "expected": sum(counts.values()),
        "lineage": [copied.name, *copied.record().lineage] if copied else [],
    }
    snapshot = snapshots.begin(started_at, copy_of=copied)
    with snapshot.open() as store:
        for name in set(store.objects()) - set(org.selections):
            store.remove(name)
        store.add_shards([shard for plan in plans.values() for shard in plan.shards], facts=facts)
    return snapshot


def _in_full(plans: Mapping[str, Plan]) -> list[str]:
    return [f"{name} was pulled in full: {plan.why_full}." for name, plan in plans.items() if plan.why_full]


def _lost(last: _Last, org: Org) -> list[str]:
    gone = [name for name in last.facts.get("columns", {}) if name not in org.selections]
    return [f"{name} was in the last snapshot, and this user does not see it any more." for name in gone]


def _planned_changes(asking: Asking, org: Org, counts: Mapping[str, int], last: _Last) -> dict[str, Plan]:
    if last.snapshot is None:
        return {}
    with last.snapshot.open(read_only=True) as store:
        earlier = Earlier(store, last.facts["columns"], int(last.facts["began"]))
        return plan_changes(asking, org, counts, earlier)
