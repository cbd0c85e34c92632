"""Time the link model and bare Splink on generated companies: ``python -m tests.bench.link_speed GENERATED [ROUNDS]``.

GENERATED is a folder with ``stripe.parquet`` and ``sf.parquet``. Each way runs in a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl

from tests.bench.links_at_size import measure_source, table_of_links


def main() -> None:
    """Print the table."""
    source, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    customers = pl.scan_parquet(source / "stripe.parquet").select(pl.len()).collect().item()
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as scratch:
        print(table_of_links([measure_source(source, Path(scratch), customers, rounds)]))


if __name__ == "__main__":
    main()
