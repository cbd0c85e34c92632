"""Queues: what waits for a person in a finished close, each item with what a decision about it would rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from recon_kit import journal
from recon_kit.artifacts import CloseFolder
from recon_kit.workbook import Sheet

SHORT = 12
"""Digits of an evidence digest that a reader sees."""


@dataclass(frozen=True)
class Ground:
    """What a decision about one item would rest on.

    Attributes:
        subject: what is decided on.
        before: its state in the close.
        after: what each decision makes of it.
        evidence: SHA-256 of what the decision rests on.
        evidence_fields: ``field=digits`` of its parts.
        refused: decisions that cannot be, and why.
    """

    subject: journal.Subject
    before: Mapping[str, str | None]
    after: Mapping[str, Mapping[str, str | None]]
    evidence: str
    evidence_fields: list[str]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class Queue:
    """One sheet of a review, and the ground of each of its rows by id."""

    kind: str
    sheet: Sheet
    grounds: Mapping[str, Ground]

    @property
    def choices(self) -> tuple[str, ...]:
        """The decisions that may be made."""
        return journal.ALLOWED[self.kind]


def tables_of(close: CloseFolder, *names: str) -> Iterator[pl.DataFrame]:
    """Read tables of a close, in the order of their names."""
    return (close.read_table(name).collect() for name in names)


def with_open_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the reader sees of the evidence, and the three empty columns to fill."""
    empty = pl.lit(None, dtype=pl.String)
    return rows.with_columns(digest=pl.col("evidence").str.head(SHORT), decision=empty, by=empty, reason_given=empty)


def grounds_by_id(rows: pl.DataFrame, ground: Any) -> dict[str, Ground]:  # noqa: ANN401  (a function of a row)
    """Make the ground of each row, by its ``id``."""
    return {row["id"]: ground(row) for row in rows.to_dicts()}
