"""A campaign: cases drawn from one seed, batch by batch, each batch repeatable by itself."""

from __future__ import annotations

import faulthandler
import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.stripe_records import AS_OF
from tests.world import build_world

from . import salesforce_lines, stripe_lines, whole_files
from .judging import Tally, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCOUNTS = 150
STRIPE_BATCH, SALESFORCE_BATCH = 250, 125
"""Cases of one read: as many lines as leave most customers alone, so that what was not damaged can be compared."""
FILES_SHARE = 80
"""One case in so many damages whole files and costs a read of its own."""
HANG_SECONDS = 300


class Campaign:
    """Draws and judges cases over one small generated company."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        world = folder / "world"
        build_world(seed=seed % 7, accounts=ACCOUNTS, as_of=AS_OF).render(world, gzip=False)
        self.stripe, self.salesforce = stripe_lines.opened(world), salesforce_lines.opened(world)
        seconds = {"stripe": self.stripe.seconds, "salesforce": self.salesforce.seconds}
        self._ways: dict[str, Callable[[Random, Path, int], Tally]] = {
            "stripe": lambda rng, close_dir, cases: stripe_lines.run(self.stripe, rng, cases, close_dir),
            "salesforce": lambda rng, close_dir, cases: salesforce_lines.run(self.salesforce, rng, cases, close_dir),
            "files": lambda rng, close_dir, _: whole_files.run(world, rng, close_dir, seconds),
        }

    def plan(self, cases: int) -> Iterator[tuple[str, int, int]]:
        """Batches as (kind, number, cases): three lines of Stripe in five, one case in ``FILES_SHARE`` a whole file."""
        of_files = max(cases // FILES_SHARE, 1)
        of_stripe = (cases - of_files) * 3 // 5
        for kind, total, size in (
            ("files", of_files, 1),
            ("stripe", of_stripe, STRIPE_BATCH),
            ("salesforce", cases - of_files - of_stripe, SALESFORCE_BATCH),
        ):
            yield from ((kind, number, min(size, total - number * size)) for number in range(-(-total // size)))

    def run_batch(self, kind: str, number: int, cases: int) -> Tally:
        """Judge one batch; a violation names what repeats it."""
        close_dir = Path(tempfile.mkdtemp(dir=self.folder))
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        try:
            return self._ways[kind](Random(f"{self.seed} {kind} {number}"), close_dir, cases)
        except Exception as fault:
            told = f"Seed {self.seed}, batch {kind} {number} of {cases} cases: {type(fault).__name__}: {fault}"
            raise Violation(told) from fault
        finally:
            faulthandler.cancel_dump_traceback_later()
            shutil.rmtree(close_dir, ignore_errors=True)
