"""Write a sample company: ``python -m tests.world --out data/sample --seed 2026 --accounts 150``."""

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from datetime import date
from pathlib import Path

from .truth import Gap, Mrr
from .world import Link, Truth, build_world

GAP_FIELDS = [found.name for found in fields(Gap) if found.name not in {"components", "plant"}]


def write_truth(truth: Truth, folder: Path) -> None:
    """Write the truth as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "links.csv", [found.name for found in fields(Link)], map(astuple, truth.links))
    _write(folder / "mrr.csv", [found.name for found in fields(Mrr)], map(astuple, truth.mrr))
    _write(folder / "gaps.csv", GAP_FIELDS, ([getattr(gap, name) for name in GAP_FIELDS] for gap in truth.gaps))
    keys = ["family", "account_id", "opportunity_ids", "subscription_ids"]
    parts = ([*(getattr(gap, key) for key in keys), *part] for gap in truth.gaps for part in gap.components)
    _write(folder / "components.csv", [*keys, "component", "amount_minor"], parts)
    _write(folder / "hard_negatives.csv", ["what", "ids", "why"], truth.hard_negatives)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one table."""
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


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
    chosen = parser.parse_args(arguments)
    world = build_world(chosen.seed, chosen.accounts, chosen.as_of, ids=chosen.ids)
    world.render(chosen.out, chosen.pulled_on, chosen.shape, gzip=not chosen.plain)
    write_truth(world.truth, chosen.out / "truth")
    sys.stdout.write(f"{len(world.stories)} stories, {len(world.truth.gaps)} gaps in {chosen.out}\n")


if __name__ == "__main__":
    main()
