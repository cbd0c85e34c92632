"""Fetch every open shard of a pull with several workers; one thread writes to the store."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import gc
import logging
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.stripe_api.catalogue import BY_NAME, INVOICE_LINES, MORE_ITEMS, REQUIRED
from recon_kit.extract.stripe_api.changes import whole_list
from recon_kit.extract.stripe_api.client import KEY, CursorLost, NoPermission, NotThere
from recon_kit.extract.stripe_api.embedded import listed_with
from recon_kit.extract.stripe_api.fetch import Page, fetch
from recon_kit.extract.stripe_api.ranges import shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from recon_kit.extract.pulling.progress import Progress
    from recon_kit.extract.pulling.shards import Shard
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore
    from recon_kit.extract.stripe_api.client import StripeApi

_LOG = logging.getLogger("recon_kit.extract")
_CONTAINERS = 500_000
"""Lists and dicts made between two looks of the garbage collector; a page makes some thousands. Halves the time."""
_MMAP_THRESHOLD, _LARGE = -3, 128 * 1024
"""glibc's option (``M_MMAP_THRESHOLD`` of ``mallopt``): bytes above which a block is given back once it is free."""
_QUEUE = 2_000
"""Shards held in memory at most; the others wait in the store."""


class Workers:
    """Fetches what is open in a store until nothing is.

    Attributes:
        absent: objects that could not be asked for, with the reason.
    """

    def __init__(
        self,
        api: StripeApi,
        store: SnapshotStore,
        progress: Progress,
        *,
        count: int,
    ) -> None:
        self._api, self._store, self._progress, self._count = api, store, progress, count
        self._queue: deque[Shard] = deque()
        self._flying: dict[Future[Page], Shard] = {}
        self.absent: dict[str, str] = dict(store.fact("absent", {}))
        self._answered: set[str] = set(store.fact("answered", []))
        self._failures = 0

    def ask_again(self) -> list[Shard]:
        """Forget what could not be asked for; returns the lists to ask for again."""
        names = listed_with(self.absent)
        self._answered -= self.absent.keys()
        self.absent.clear()
        return [whole_list(BY_NAME[name]) for name in names]

    def open(self, shards: Iterable[Shard], facts: Mapping[str, object]) -> None:
        """Add shards to fetch, but none of an object that could not be asked for; note facts with them."""
        self._store.add_shards(self._askable(shards), facts=facts)

    def _askable(self, shards: Iterable[Shard]) -> list[Shard]:
        return [shard for shard in shards if shard.object_name not in self.absent]

    def drain(self) -> None:
        """Fetch until no shard is open; those that fail for good are buried.

        Raises:
            PullStopped: nothing more can be fetched; what is open stays open.
        """
        _give_back_large_blocks()
        with _collecting_seldom(), ThreadPoolExecutor(self._count, thread_name_prefix="stripe") as pool:
            try:
                while self._fill(pool):
                    done, _ = wait(self._flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._take(self._flying.pop(future), future)
                self._require()
            except BaseException:
                self._api.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _fill(self, pool: ThreadPoolExecutor) -> bool:
        """Give every idle worker a shard; tell whether anything is under way."""
        while len(self._flying) < self._count:
            if not self._queue:
                flying = {shard.key for shard in self._flying.values()}
                self._queue.extend(self._store.open_shards(_QUEUE, without=flying))
            if not self._queue:
                break
            shard = self._queue.popleft()
            self._flying[pool.submit(fetch, self._api, shard)] = shard
        return bool(self._flying)

    def _take(self, shard: Shard, future: Future[Page]) -> None:
        try:
            page = future.result()
        except TriesExhausted as fault:
            self._bury(shard, str(fault), fault.attempts)
        except NoPermission as fault:
            self._leave_out(shard, f"the key lacks a permission: {fault}")
        except NotThere as fault:
            self._without(shard, str(fault))
        except CursorLost:
            self._reopen(shard)
        else:
            self._keep(page)
        self._answered.add(shard.object_name)
        if self._answered >= BY_NAME.keys():
            self._require()

    def _require(self) -> None:
        """Stop when a pull cannot do without what is absent; all lists were asked for, so that all are named."""
        if REQUIRED & self.absent.keys():
            raise PullStopped(_without_required(self.absent))

    def _keep(self, page: Page) -> None:
        self._failures = 0
        rest = self._share(page) if page.rest else []
        if page.gone:
            self._store.remove(page.shard.object_name, [page.gone])
        opened = self._askable((*rest, *page.inside))
        self._store.keep_page(page.shard, page.records, opened, facts=self.facts(), childless=page.childless)
        if len(self._queue) + len(opened) <= _QUEUE:
            self._queue.extend(opened)
        self._progress.add(
            len(page.records), requests=self._api.tally.requests, open_shards=len(self._queue) + len(self._flying)
        )

    def _share(self, page: Page) -> list[Shard]:
        if page.rest is None or page.shard.step != "list" or not BY_NAME[page.shard.object_name].has_range:
            return [page.rest] if page.rest else []
        idle = self._count - len(self._flying) - len(self._queue) - 1
        return shared(page.rest, newest=page.newest, oldest=page.oldest, on_page=len(page.records), idle=idle)

    def facts(self) -> dict[str, object]:
        """Tell what was sent so far, when Stripe was heard last, and which lists answered; kept with every page."""
        tally = self._api.tally
        return {
            "sent": [tally.requests, tally.retries, tally.rate_limited],
            "heard": self._api.server_time,
            "answered": sorted(self._answered),
        }

    def _bury(self, shard: Shard, error: str, attempts: int) -> None:
        _LOG.info("given up after %s tries: %s", attempts, error)
        self._store.bury(shard, error, attempts)
        self._failures += 1
        if self._failures == 2 * self._count:
            self._give_up(error)

    def _give_up(self, error: str) -> None:
        """Stop asking when nothing is answered any more, rather than fail with every shard in its turn."""
        for shard in self._store.open_shards(without={flying.key for flying in self._flying.values()}):
            self._store.bury(shard, f"not asked for, because nothing was answered any more: {error}", 0)
        self._queue.clear()

    def _leave_out(self, shard: Shard, reason: str) -> None:
        """Note that an object cannot be asked for; when a part of it is here, the rest of it is missing."""
        is_part = shard.object_name in {INVOICE_LINES, MORE_ITEMS}
        if is_part or (self._store.count(shard.object_name) and shard.object_name in self._answered):
            self._bury(shard, reason, 1)
            return
        self.absent[shard.object_name] = reason
        self._store.keep_page(shard, [], facts={"absent": self.absent})  # first: a kill in between must not forget it
        self._store.drop_shards(shard.object_name)
        self._queue = deque(self._askable(self._queue))

    def _without(self, shard: Shard, reason: str) -> None:
        """Close a list that is not there: one inside an object that was deleted, or one Stripe does not know."""
        if shard.step == "inside":
            self._store.keep_page(shard, [])
        else:
            self._leave_out(shard, f"Stripe does not know {shard.path}: {reason}")

    def _reopen(self, shard: Shard) -> None:
        """Begin a range again below the object that was deleted while its list was being paged."""
        last = self._store.get(shard.object_name, shard.after or "")
        if shard.step == "list" and last and last.at is not None and BY_NAME[shard.object_name].has_range:
            again = dataclasses.replace(shard, after=None, lt=last.at + 1)
        elif shard.step == "list":
            again = whole_list(BY_NAME[shard.object_name])
        else:
            again = dataclasses.replace(shard, after=None, pages=0)
        self._store.keep_page(shard, [], [again])
        self._queue.append(again)


def _give_back_large_blocks() -> None:
    """Let the C library, where it knows how, give the memory of an answer back to the system as soon as it is read.

    glibc would learn from the first answers to keep such blocks, in a pool for each thread: twice the memory in all.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


@contextlib.contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let the garbage collector look less often: answers are trees without cycles, and it would walk each of them."""
    usual = gc.get_threshold()
    gc.set_threshold(_CONTAINERS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _without_required(absent: Mapping[str, str]) -> str:
    lines = [f"  - {name}: {reason}" for name, reason in sorted(absent.items())]
    needed = ", ".join(sorted(REQUIRED & absent.keys()))
    return (
        f"Stripe cannot be pulled without {needed}. What could not be asked for:\n" + "\n".join(lines) + "\n"
        f"Give the key in {KEY} read permission for them (Dashboard → Developers → API keys) and run again: the pull "
        "goes on where it stopped."
    )
