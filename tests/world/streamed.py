"""A company of any size, written account by account: each story follows from (seed, index), is told and forgotten.

Every tenth story is one of the catalogue's, faults and hard negatives included; the others are steady. What needs the
whole company in one place (payouts, balance transactions, the balance) is left out. Steady customers pay outside Stripe,
so only the catalogue's have charges.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult
from pathlib import Path
from typing import IO

from tqdm import tqdm

from .catalogue import FAULTS, HARD_NEGATIVES, ORDINARY, Plant
from .plant_steady import open_steady, tell_steady
from .pricing import PriceList
from .render import Snapshot, encoded
from .render_salesforce import salesforce_tables
from .steady import SteadyBiller
from .story import Ids, Story
from .truth_files import truth_tables
from .world import World, clue_for

EVERY = 10
STEADY = Plant("steady", tell_steady)
SHARED = ("products", "prices", "coupons", "tax_rates")
WHOLE_ONLY = {"balance", "balance_transactions", "payouts", "payout_balance_transactions"}


@dataclass(frozen=True)
class Order:
    """What is to be written."""

    seed: int
    accounts: int
    as_of: date
    shape: str = "mixed"
    ids: Ids = "some"
    names_only: bool = False
    stories_a_part: int = 500
    prospects: int = 0

    @property
    def stories(self) -> int:
        """Stories to tell: accounts, then prospects, which buy nothing and are accounts only."""
        return self.accounts + self.prospects


@dataclass
class Part:
    """Texts of some stories by file: JSON lines, CSV rows below their header, shared objects by id."""

    stories: int
    lines: dict[str, str] = field(default_factory=dict)
    tables: dict[str, tuple[str, str]] = field(default_factory=dict)
    shared: dict[str, dict[str, str]] = field(default_factory=dict)


@cache
def cycle() -> tuple[Plant, ...]:
    """Catalogue stories in the order in which they are told: each fault and hard negative once, the rest by weight."""
    ordinary = (plant for plant in ORDINARY.values() for _ in range(plant.weight))
    return (*FAULTS.values(), *HARD_NEGATIVES.values(), *ordinary)


def plant_of(index: int) -> Plant:
    """The story of an index."""
    number, rest = divmod(index, EVERY)
    return STEADY if rest else cycle()[number % len(cycle())]


@cache
def _prices(seed: int) -> PriceList:
    """The price list, made once a process."""
    return PriceList(seed)


def tell(order: Order, index: int) -> Story:
    """Tell one story; of names only the opening of a steady one."""
    plant = plant_of(index) if index < order.accounts else STEADY
    story = Story(order.seed, index, order.as_of, _prices(order.seed), clue_for(plant, index, order.ids), order.ids)
    story.plant = plant.name
    if index >= order.accounts:
        story.account(story.company(), since=story.ago(story.rng.randrange(40, 400)))
    elif order.names_only and plant is STEADY:
        open_steady(story)
    else:
        plant.tell(story)
    return story


class SnapshotOfPart(Snapshot):
    """The lists of some stories, without what the whole company shares."""

    def _payouts(self) -> None:
        """Payouts need every movement of the company."""


def write_part(order: Order, start: int) -> Part:
    """Tell and render the stories from ``start`` on, one part of them."""
    world = World(order.seed, order.as_of, _prices(order.seed))
    world.stories = [tell(order, index) for index in range(start, min(start + order.stories_a_part, order.stories))]
    for story in world.stories if not order.names_only else ():
        story.play(world.horizon)
    snapshot, part = SnapshotOfPart(world, order.as_of, order.shape, all_events=True), Part(len(world.stories))
    if order.names_only:
        part.lines["customers"] = "".join(encoded(snapshot.customers()))
    else:
        _write_stripe(world, snapshot, part)
    tables = salesforce_tables(world, snapshot.cutoff, ("Account", "Contact") if order.names_only else None)
    part.tables = {f"salesforce/{name}": _split(text) for name, text in tables if text}
    part.tables |= {f"truth/{name}": found for name, found in _truth(world, names_only=order.names_only)}
    return part


def _write_stripe(world: World, snapshot: Snapshot, part: Part) -> None:
    """Put the Stripe objects of a part into it."""
    for name, rows in snapshot.build().items():
        if name in SHARED:
            part.shared[name] = dict(zip((row["id"] for row in rows), encoded(rows), strict=True))
        elif name not in WHOLE_ONLY:
            part.lines[name] = "".join(encoded(rows))
    billers = (biller for story in world.stories for biller in story.billers)
    steady = (biller for biller in billers if isinstance(biller, SteadyBiller))
    part.lines["invoices"] += "".join(text for biller in steady for text in biller.invoice_texts(snapshot.shape))


def _truth(world: World, *, names_only: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    """Truth of a part, by table; of names only the links."""
    links_only = {"links"} if names_only else None
    for name, text in truth_tables(world, links_only):
        yield name, _split(text)


def _split(text: str) -> tuple[str, str]:
    """Header and rows of a table."""
    header, _, rows = text.partition("\n")
    return header, rows


class Files:
    """The files of a company under way: open, appended to part by part."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.opened: dict[str, IO[bytes]] = {}
        self.headers: dict[str, str] = {}
        self.seen: dict[str, set[str]] = {}

    def finish(self) -> None:
        """Write the tables that have no row."""
        for name, header in self.headers.items():
            if f"{name}.csv" not in self.opened:
                self._write(f"{name}.csv", f"{header}\n")

    def append(self, part: Part) -> None:
        """Write a part behind those before it."""
        for name, text in part.lines.items():
            self._write(f"stripe/{name}.jsonl", text)
        for name, rows in part.shared.items():
            self._write(f"stripe/{name}.jsonl", "".join(self._unseen(name, rows)))
        for name, (header, rows) in part.tables.items():
            self._write_rows(name, header, rows)

    def _unseen(self, name: str, rows: Mapping[str, str]) -> Iterator[str]:
        """Objects that no earlier part has named."""
        seen = self.seen.setdefault(name, set())
        for own, text in rows.items():
            if own not in seen:
                seen.add(own)
                yield text

    def _write_rows(self, name: str, header: str, rows: str) -> None:
        """Write rows, and the header before the first of them; a part without rows may know fewer columns."""
        if not rows:
            self.headers.setdefault(name, header)
        elif f"{name}.csv" not in self.opened:
            self.headers[name] = header
            self._write(f"{name}.csv", f"{header}\n{rows}")
        elif self.headers[name] == header:
            self._write(f"{name}.csv", rows)
        else:
            message = f"{name} has two headers: {self.headers[name]} and {header}"
            raise ValueError(message)

    def _write(self, name: str, text: str) -> None:
        """Append a text to a file."""
        if name not in self.opened:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.opened[name] = self.stack.enter_context(path.open("wb"))
        self.opened[name].write(text.encode())


def write_streamed(order: Order, folder: Path, *, processes: int = 1, is_shown: bool = False) -> int:
    """Write a company's raw files and its truth; returns the number of stories."""
    starts = range(0, order.stories, order.stories_a_part)
    written = 0
    with ExitStack() as stack:
        files = Files(folder, stack)
        bar = stack.enter_context(tqdm(total=order.stories, unit=" accounts", disable=not is_shown))
        for part in _parts(order, starts, processes, stack):
            files.append(part)
            written += part.stories
            bar.update(part.stories)
        files.finish()
    return written


def _parts(order: Order, starts: range, processes: int, stack: ExitStack) -> Iterator[Part]:
    """Parts in the order of their stories, whichever process tells them; few are told ahead of the writing."""
    if processes == 1 or len(starts) == 1:
        yield from map(partial(write_part, order), starts)
        return
    pool = stack.enter_context(get_context("spawn").Pool(min(processes, len(starts))))
    ahead: deque[AsyncResult[Part]] = deque()
    for start in starts:
        ahead.append(pool.apply_async(write_part, (order, start)))
        if len(ahead) > 2 * processes:
            yield ahead.popleft().get()
    yield from (told.get() for told in ahead)
