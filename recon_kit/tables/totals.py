"""The last row of a table: totals over all its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.tables.cells import Column, cell_html
from recon_kit.tables.panel import between_tags
from recon_kit.tables.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def totals_html(
    frame: pl.DataFrame, columns: Sequence[Column], total: Sequence[str], currencies: Mapping[str, str]
) -> str:
    """Write the row of totals, or nothing when none is asked for.

    Conserves:
        the totals are over all rows of the frame, also those that the page leaves out.

    Raises:
        ValueError: when a total would add up amounts of several currencies.
    """
    if not total:
        return ""
    mixed = [name for name in total if _currency_count(frame, currencies[name]) > 1]
    if mixed:
        message = f"A total does not cross currencies; these columns hold several: {', '.join(mixed)}."
        raise ValueError(message)
    code_columns = sorted({code for code in currencies.values() if code in frame.columns})
    sums = frame.select(*[pl.col(name).sum() for name in total], *[pl.col(code).first() for code in code_columns])
    places = [place for place, column in enumerate(columns) if column.name in total]
    lead = max(1, min(places, default=1))
    cells = "".join(_total_cell(column, sums, total) for column in columns[lead:])
    label = between_tags(f"Total of {count(frame.height, 'row')}")
    return f'<tfoot><tr><th scope="row" colspan="{lead}">{label}</th>{cells}</tr></tfoot>'


def _currency_count(frame: pl.DataFrame, currency: str) -> int:
    return frame[currency].n_unique() if currency in frame.columns else 1


def _total_cell(column: Column, sums: pl.DataFrame, total: Sequence[str]) -> str:
    if column.name not in total:
        return "<td></td>"
    return str(sums.select(cell_html(column)).item())
