"""Bring a snapshot of Salesforce up to date: go on with one that was interrupted, merge changes, or pull all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simple_salesforce.exceptions import SalesforceError

from recon_kit import clock
from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.progress import Progress
from recon_kit.extract.pulling.record import Missing, PullRecord
from recon_kit.extract.pulling.retrying import Patience, TriesExhausted
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.extract.salesforce_api.asking import Asking
from recon_kit.extract.salesforce_api.beginning import begin
from recon_kit.extract.salesforce_api.counting import settle_counts
from recon_kit.extract.salesforce_api.describing import describe_org
from recon_kit.extract.salesforce_api.faults import words_of
from recon_kit.extract.salesforce_api.fetching import Fetching
from recon_kit.schemas.raw import SALESFORCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.pulling.snapshots import Snapshot
    from recon_kit.extract.salesforce_api.describing import Org
    from recon_kit.params import Params
    from recon_kit.policy import Policy


def pull_salesforce(
    folder: Path,
    params: Params,
    policy: Policy,
    *,
    environment: Mapping[str, str],
    show_progress: bool = False,
    patience: Patience | None = None,
) -> PullRecord:
    """Bring the snapshot of Salesforce up to date.

    Args:
        folder: of the snapshots, by system.
        params: its field map says which fields are asked for.
        policy: ``stripe_mode`` says whether a sandbox is meant.
        environment: holds the credentials.
        show_progress: whether to show a bar.
        patience: time-outs and tries; none: those of the kit.

    Returns:
        What was done. An incomplete pull says what is missing and leaves a partial snapshot, which the next one goes
        on with.

    Raises:
        PullStopped: nothing can be pulled until someone does something; the message says what.
        SettingsError: credentials are missing or unusable.

    Conserves:
        per object of a complete pull: live rows in the snapshot == Salesforce's own COUNT(); ids are unique.
    """
    asking = Asking(environment, patience or Patience())
    snapshots = Snapshots(folder, SALESFORCE)
    with snapshots.locked():
        try:
            org = describe_org(asking, {str(part): keys for part, keys in params.fields.items()})
            org.require_usable()
            snapshot = begin(asking, org, snapshots)
        except TriesExhausted as fault:
            raise fault.stops("Salesforce") from None
        except SalesforceError as fault:
            raise PullStopped(f"Salesforce refuses what every pull needs: {asking.clean(words_of(fault))}") from None
        return _Pull(asking, org, policy, snapshots, snapshot, show_progress).run()


@dataclass(frozen=True)
class _Pull:
    asking: Asking
    org: Org
    policy: Policy
    snapshots: Snapshots
    snapshot: Snapshot
    show_progress: bool

    def run(self) -> PullRecord:
        """Fetch what is open, count, and finish the snapshot when it is complete."""
        with self.snapshot.open() as store:
            done = sum(store.objects().values())
            expected = int(store.fact("expected", 0)) or None
            with Progress("Salesforce", shown=self.show_progress, expected=expected, done=done) as progress:
                fetching = Fetching(self.asking, store, self.org.selections, progress)
                fetching.fetch_all()
                full = set(store.fact("full", []))
                counted, short = settle_counts(fetching, begun=int(store.fact("began")), were_full=full)
            record = self._record(store, counted, [*_dead(store), *short])
            store.seal()
        if record.complete:
            self.snapshots.finish(self.snapshot, record)
        else:
            self.snapshot.write_record(record)
        return record

    def _record(self, store: SnapshotStore, counted: Mapping[str, int], missing: list[Missing]) -> PullRecord:
        session = self.asking.session
        why_full = str(store.fact("why_full", ""))
        held = store.objects()
        return PullRecord(
            system=SALESFORCE,
            snapshot=self.snapshot.name,
            kind="full" if why_full else "incremental",
            why_full=why_full,
            started_at=str(store.fact("started_at")),
            finished_at=clock.now(),
            api_version=session.api_version,
            mode="test" if session.is_sandbox else "live",
            lineage=tuple(store.fact("lineage", [])),
            queries=dict(store.fact("queries", {})),
            rows={name: held.get(name, 0) for name in self.org.selections},
            counted_by_api=dict(counted),
            requests=session.sent,
            retries=self.asking.retries,
            rate_limited=self.asking.rate_limited,
            absent=dict(self.org.absent),
            missing=tuple(missing),
            notes=(*store.fact("remarks", []), *self._notes()),
            complete=not missing,
        )

    def _notes(self) -> list[str]:
        remarks = list(self.asking.remarks)
        if self.asking.session.is_sandbox and self.policy.stripe_mode == "live":
            remarks.append("Salesforce is a sandbox, while Stripe is read in live mode: they hardly tell one story.")
        return remarks


def _dead(store: SnapshotStore) -> list[Missing]:
    return [
        Missing(letter.shard.object_name, _in_words(letter.shard.query), letter.error, letter.attempts)
        for letter in store.dead()
    ]


def _in_words(query: Mapping[str, Any]) -> str:
    _, _, condition = str(query["soql"]).partition(" WHERE ")
    return f"rows WHERE {condition}" if condition else "all rows"
