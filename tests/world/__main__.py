"""Write a sample company: ``python -m tests.world --out data/sample --seed 2026 --accounts 150``."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from .streamed import Order, write_streamed
from .truth_files import truth_tables
from .world import World, build_world

IN_MEMORY = 5_000  # above it, the company is streamed: without payouts, in less than a gigabyte


def write_truth(world: World, folder: Path) -> None:
    """Write the truth as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in truth_tables(world):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build a world and write its snapshot and its truth."""
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for stripe/, salesforce/ and truth/")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--accounts", type=int, default=150)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 10, 31))
    parser.add_argument("--pulled-on", type=date.fromisoformat, help="evening of the pull; as-of when absent")
    parser.add_argument("--shape", choices=["old", "new", "mixed"], default="mixed")
    parser.add_argument("--ids", choices=["none", "some", "all"], default="some")
    parser.add_argument("--plain", action="store_true", help="do not compress the large files")
    parser.add_argument("--only", choices=["all", "names"], help="stream the company: all of it, or who is who only")
    parser.add_argument("--prospects", type=int, default=0, help="accounts without a customer besides; with --only")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="of a streamed company")
    chosen = parser.parse_args(arguments)
    if chosen.only or chosen.accounts > IN_MEMORY:
        _stream(parser, chosen)
        return
    world = build_world(chosen.seed, chosen.accounts, chosen.as_of, ids=chosen.ids)
    world.render(chosen.out, chosen.pulled_on, chosen.shape, gzip=not chosen.plain)
    write_truth(world, chosen.out / "truth")
    sys.stdout.write(f"{len(world.stories)} stories, {len(world.truth.gaps)} gaps in {chosen.out}\n")


def _stream(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    """Write a company too large to hold."""
    if not chosen.plain or chosen.pulled_on:
        parser.error("a streamed company is written --plain and as of its own day; it has no --pulled-on")
    names_only = chosen.only == "names"
    order = Order(
        chosen.seed,
        chosen.accounts,
        chosen.as_of,
        chosen.shape,
        chosen.ids,
        names_only=names_only,
        prospects=chosen.prospects,
    )
    written = write_streamed(order, chosen.out, processes=chosen.processes, is_shown=True)
    sys.stdout.write(f"{written} stories in {chosen.out}\n")


if __name__ == "__main__":
    main()
