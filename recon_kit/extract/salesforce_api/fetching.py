"""Work through the open shards, one step of each in turn, so that Bulk jobs run while others are fetched."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simple_salesforce.exceptions import SalesforceError

from recon_kit import clock
from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.salesforce_api.bulk import BULK, anew, bulk_step, over_rest
from recon_kit.extract.salesforce_api.cells import LIVE
from recon_kit.extract.salesforce_api.faults import Means, is_refusal_of_bulk, meaning, words_of
from recon_kit.extract.salesforce_api.rest import Step, rest_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.extract.pulling.progress import Progress
    from recon_kit.extract.pulling.shards import Shard
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.extract.salesforce_api.fields import Selection

LOG = logging.getLogger("recon_kit.extract")

_MOST_BEGINNINGS = 3
"""How often an object is asked for anew, because its job failed or its cursor was gone, before it is given up."""
_JOB_PATIENCE = 6
"""A Bulk job may take so many times as long as all tries of a request."""


@dataclass
class Fetching:
    """The fetching of one run.

    Attributes:
        asking: how Salesforce is asked.
        store: where pages are kept.
        selections: what is asked of each object.
        progress: told of every page.
    """

    asking: Asking
    store: SnapshotStore
    selections: Mapping[str, Selection]
    progress: Progress
    _due: dict[str, float] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _beginnings: Counter[str] = field(default_factory=Counter)

    def fetch_all(self) -> None:
        """Fetch until no shard is open; those that fail for good are buried.

        Raises:
            PullStopped: no request would succeed any more.
        """
        while shards := self.store.open_shards():
            ready = [shard for shard in shards if self._due.get(shard.key, 0.0) <= clock.elapsed()]
            for shard in ready:
                self._take(shard)
            if not ready:
                time.sleep(max(0.0, min(self._due.values()) - clock.elapsed()))

    def _take(self, shard: Shard) -> None:
        """Take a shard one step further, whatever becomes of it."""
        self._due.pop(shard.key, None)
        self._since.setdefault(shard.key, clock.elapsed())
        try:
            step = self._step(shard)
        except TriesExhausted as fault:
            self._bury(shard, str(fault), fault.attempts)
        except SalesforceError as fault:
            self._refused(shard, fault)
        else:
            self._keep(shard, step)

    def _step(self, shard: Shard) -> Step:
        selection = self.selections[shard.object_name]
        return (bulk_step if shard.step == BULK else rest_page)(self.asking, shard, selection)

    def _keep(self, shard: Shard, step: Step) -> None:
        if step.fault:
            self._begin_anew(shard, step.fault)
            return
        waited = clock.elapsed() - self._since[shard.key]
        if step.wait and waited > self.asking.patience.total * _JOB_PATIENCE:
            self._bury(shard, f"the Bulk job was not done after {waited:.0f} seconds", 1)
            return
        replaced = [(shard.object_name, LIVE)] if shard.query["replaces"] and _is_first_page(shard, step) else []
        rest = [step.rest] if step.rest else []
        new = self.store.keep_page(shard, step.records, rest, childless=replaced)
        if step.wait:
            self._due[shard.key] = clock.elapsed() + step.wait
        self.progress.add(new, requests=self.asking.session.sent, open_shards=self.store.count_open())

    def _refused(self, shard: Shard, fault: SalesforceError) -> None:
        words = self.asking.clean(words_of(fault))
        is_new_job = shard.step == BULK and not shard.query.get("job")
        if is_new_job and is_refusal_of_bulk(fault):
            LOG.info("salesforce: no Bulk job for %s (%s): fetched over REST", shard.object_name, words)
            self.store.keep_page(shard, [], [over_rest(shard)])
        elif meaning(fault) is Means.BEGIN_ANEW and (shard.after or shard.query.get("job")):
            self._begin_anew(shard, words)
        else:
            self._bury(shard, words, 1)

    def _begin_anew(self, shard: Shard, why: str) -> None:
        self._beginnings[shard.key] += 1
        self._since.pop(shard.key, None)
        if self._beginnings[shard.key] >= _MOST_BEGINNINGS:
            self._bury(shard, why, self._beginnings[shard.key])
            return
        LOG.info("salesforce: %s is asked for anew: %s", shard.object_name, why)
        self.store.keep_page(shard, [], [anew(shard)])

    def _bury(self, shard: Shard, error: str, attempts: int) -> None:
        LOG.warning("salesforce: %s failed for good after %d tries: %s", shard.object_name, attempts, error)
        self.store.bury(anew(shard), error, attempts)


def _is_first_page(shard: Shard, step: Step) -> bool:
    """Tell whether a step brought the first page: only that one clears what it replaces."""
    brought = bool(step.records) or step.rest is None or step.rest.after is not None
    return shard.pages == 0 and brought
