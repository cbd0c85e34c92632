"""What the gap room cannot do without: its input tables read whole, its output tables written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import polars as pl

from recon_kit.gaps.books import Books
from tests.bench.gap_tables import BUILT
from tests.bench.measured import Measured, timed


def measured(tables: Path) -> Iterator[Measured]:
    """Measure reading and writing alone, of what the room has built before; rows are those read."""
    built = {file.stem: pl.read_parquet(file) for file in sorted((tables / BUILT).glob("*.parquet"))}
    copies = tables / "copies"
    copies.mkdir(exist_ok=True)

    def read_and_write() -> int:
        read = [pl.read_parquet(tables / f"{field.name}.parquet") for field in fields(Books)]
        for name, frame in built.items():
            frame.write_parquet(copies / f"{name}.parquet")
        return sum(frame.height for frame in read)

    yield timed("bare tables", read_and_write)
