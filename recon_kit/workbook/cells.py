"""Cells: the value a spreadsheet holds for a value of a frame, and how one read back is compared with it."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import polars as pl

from recon_kit import money
from recon_kit.workbook.columns import Column, Sheet

Cell = str | int | Decimal | dt.date | None
"""What is written: text, a whole number, an exact decimal, a day, or nothing."""

EXACT_DIGITS = 15
"""Significant digits that a spreadsheet keeps of a number."""
LONGEST_TEXT = 32_000
"""Characters of a cell; the format allows 32,767."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_CUT = " … (cut)"


def cells_of(sheet: Sheet) -> list[list[Cell]]:
    """Lay a sheet's rows out as the cells it is written with, in its order."""
    columns = [_column_cells(column, sheet.rows) for column in sheet.columns]
    return [list(row) for row in zip(*columns, strict=True)] if columns else []


def _column_cells(column: Column, rows: pl.DataFrame) -> list[Cell]:
    values = rows[column.name].to_list()
    if column.kind == "amount":
        return [_amount(*pair) for pair in zip(values, rows[column.currency].to_list(), strict=True)]
    if column.kind in {"number", "percent"}:
        return [_number(value) for value in values]
    if column.kind == "date":
        return values
    return [None if value is None else plain(_written(value)) for value in values]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def plain(text: str) -> str:
    """Make a text that no spreadsheet takes for a formula, without control characters, short enough for a cell."""
    clean = _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\t", " ").replace("\r", "\n"))
    first = "'" if text.startswith(_STARTS_FORMULA) else ""
    held = first + clean
    return held if len(held) <= LONGEST_TEXT else held[: LONGEST_TEXT - len(_CUT)] + _CUT


def _amount(minor: int | None, currency: str | None) -> Cell:
    if minor is None:
        return None
    try:
        exact = Decimal(minor).scaleb(-money.exponent_of(currency or ""))
    except KeyError:
        return f"{minor:,} minor units of {currency or 'an unknown currency'}"
    return exact if len(exact.as_tuple().digits) <= EXACT_DIGITS else f"{exact:,f}"


def _number(value: float | None) -> Cell:
    if value is None:
        return None
    return value if isinstance(value, int) else round(Decimal(repr(value)), 6).normalize()


def comparable(cell: object) -> str:
    """Write a cell, to be written or read back, so that equal ones are equal however the spreadsheet stored them."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        exact = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        return f"{exact.normalize():f}" if exact else "0"
    return str(cell).replace("\r\n", "\n").strip()
