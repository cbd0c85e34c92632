"""The plain-Python reference of the gap room (``tests/reference``) on the tables of a company, one unit at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import polars as pl

from recon_kit.policy import Policy
from tests.bench.kit import AS_OF
from tests.bench.measured import Measured, timed
from tests.reference.compare import read_books
from tests.reference.reference import reconcile

RATES = {dt.date(1999, 1, 4): {"EUR": Fraction(1), "USD": Fraction(11789, 10000)}}


def measured(tables: Path) -> Iterator[Measured]:
    """Measure reading the tables as rows, and then the comparison too; rows are gaps."""
    books: list[dict[str, list[dict[str, object]]]] = []

    def read() -> int:
        books.append(read_books(lambda name: pl.read_parquet(tables / f"{name}.parquet")))
        return len(books[0]["contracts"])

    reading = timed("rows", read)
    yield reading
    yield timed(
        "reference", lambda: len(reconcile(books[0], as_of=AS_OF, policy=Policy(), rates=RATES).gaps), reading.seconds
    )
