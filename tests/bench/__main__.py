"""Time the kit on generated companies, beside named baselines of the same run: ``python -m tests.bench``.

Four tables: the stages of a whole close on small companies; normalise, the gap room and the links at size, up to millions
of invoices.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.at_size import measure, table_of
from tests.bench.closes import table_of_closes
from tests.bench.gaps_at_size import measure_gaps, table_of_gaps
from tests.bench.links_at_size import measure_links, table_of_links

STAGES, SIZES = (500, 1000, 2000), (10_000, 100_000)
CUSTOMERS = (20_000, 200_000)
QUICK_STAGES, QUICK_SIZES, QUICK_CUSTOMERS = (60, 120), (100, 200), (400, 800)


def sizes(text: str) -> tuple[int, ...]:
    """Read ``500,1000`` as numbers of accounts, smallest first."""
    return tuple(sorted({int(part) for part in text.split(",") if part}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--accounts", type=sizes, metavar="N,N", help="sizes of normalise at size; '' for none")
    parser.add_argument("--gaps", type=sizes, metavar="N,N", help="sizes of the gap room at size; '' for none")
    parser.add_argument(
        "--links", type=sizes, metavar="N,N", help="customers of links at size, as 20000,1000000; '' for none"
    )
    parser.add_argument("--stages", type=sizes, metavar="N,N", help="sizes of whole closes; '' for none")
    parser.add_argument("--rounds", type=int, default=2, help="how often each is timed; the best counts")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the large companies here, and use those kept")
    parser.add_argument("--quick", action="store_true", help="small companies, one round: whether the bench runs")
    chosen = parser.parse_args(arguments)
    rounds = 1 if chosen.quick else chosen.rounds
    stages, at_size = (QUICK_STAGES, QUICK_SIZES) if chosen.quick else (STAGES, SIZES)
    to_link = QUICK_CUSTOMERS if chosen.quick else CUSTOMERS
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recon-bench-")))
        if wanted := stages if chosen.stages is None else chosen.stages:
            print(table_of_closes(scratch / "closes", wanted, rounds), flush=True)
        measured = []
        for accounts in at_size if chosen.accounts is None else chosen.accounts:
            print(f"normalising {accounts:,} accounts …", file=sys.stderr, flush=True)
            measured.append(measure(chosen.keep or scratch, accounts, rounds))
        if measured:
            print(table_of(measured), flush=True)
        compared = []
        for accounts in at_size if chosen.gaps is None else chosen.gaps:
            print(f"comparing {accounts:,} accounts …", file=sys.stderr, flush=True)
            compared.append(measure_gaps(chosen.keep or scratch, accounts, rounds))
        if compared:
            print(table_of_gaps(compared), flush=True)
        linked = []
        for customers in to_link if chosen.links is None else chosen.links:
            print(f"linking {customers:,} customers …", file=sys.stderr, flush=True)
            linked.append(measure_links(chosen.keep or scratch, customers, rounds))
        if linked:
            print(table_of_links(linked))


if __name__ == "__main__":
    main()
