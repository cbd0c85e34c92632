"""Columns: what a sheet shows of a frame, and which of its cells a reader may fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["text", "amount", "number", "percent", "date"]


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    Attributes:
        name: the column of the frame.
        heading: what stands above it.
        kind: how its cells are written; an ``amount`` is minor units.
        currency: the column of the frame that names an amount's currency.
        width: in characters.
        note: the comment on the heading.
        is_open: whether a reader may write into it.
        choices: the only values that a reader may write.
        longest: the most characters that a reader may write.
    """

    name: str
    heading: str
    kind: Kind = "text"
    currency: str = "currency"
    width: int = 16
    note: str = ""
    is_open: bool = False
    choices: tuple[str, ...] = ()
    longest: int | None = None


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, its columns in order, and a frame with a row for each of its rows.

    Attributes:
        is_hidden: it is for the kit, and no menu of a spreadsheet shows it.
        has_filter: its header has filter buttons.
    """

    name: str
    columns: tuple[Column, ...]
    rows: pl.DataFrame
    is_hidden: bool = False
    has_filter: bool = True
