"""The gap room on the tables of a company: read, compared, written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from recon_kit import fx, gaps
from recon_kit.policy import Policy
from tests.bench.gap_tables import BUILT
from tests.bench.kit import AS_OF
from tests.bench.measured import Measured, timed


def measured(tables: Path) -> Iterator[Measured]:
    """Measure the room from its input tables to its output tables; rows are gaps."""
    rates = fx.read_rates(fx.packaged_rates())
    (tables / BUILT).mkdir(exist_ok=True)

    def find() -> int:
        found = gaps.find_gaps(
            lambda name: pl.scan_parquet(tables / f"{name}.parquet"), as_of=AS_OF, policy=Policy(), rates=rates
        )
        for name, frame in found.tables.items():
            frame.write_parquet(tables / BUILT / f"{name}.parquet")
        return found.gaps.height

    yield timed("gaps", find)
