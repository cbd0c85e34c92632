"""Tables for readers: sortable, searchable, with details to open, printable, without a server."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.tables.cells import cell_html, cell_plain, columns_of, currencies_of, escaped, shown_names, with_cells
from recon_kit.tables.details import OPENED, Spelling, detail_columns, listed, with_details
from recon_kit.tables.panel import Panel, between_tags, slug, titled
from recon_kit.tables.totals import totals_html
from recon_kit.tables.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon_kit.tables.cells import Column
    from recon_kit.tables.details import Details

_PLAIN_ROWS = 10
_WIDE_COLUMNS = 9
_SHORT_ROWS = 30
_SEARCHED_ROWS = 6


def show(
    frame: pl.DataFrame,
    *,
    title: str,
    caption: str | None = None,
    money: Mapping[str, str] | None = None,
    columns: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    details: Details = None,
    key: str | None = None,
    sort: str | None = None,
    total: Sequence[str] = (),
    limit: int = 500,
    empty: str = "There are none.",
    id: str | None = None,  # noqa: A002 - the word of HTML for it
) -> Panel:
    """Show a frame as a table that sorts, searches, opens details and prints.

    Args:
        frame: rows to show, in their order unless ``sort`` is given.
        title: what the rows are; also the table's accessible name.
        caption: one sentence under the title.
        money: amount column (minor units) to its currency column or currency code; amounts that are not named take the
            column ``currency``.
        columns: columns to show, in order; by default all that are not details.
        labels: headings that differ from the column's name in words.
        details: columns, or frames keyed by ``key``, or headings with such frames, or a list of them, to open below
            each row in that order.
        key: the column that joins detail frames to rows.
        sort: column to sort by; a leading ``-`` sorts downwards.
        total: amount columns of one currency to add up in a last row, over all rows.
        limit: most rows to show; the page says how many are left out.
        empty: what to say when there are no rows.
        id: the element's id; by default made from the title.

    Returns:
        A panel with ``text/html`` and ``text/plain``.

    Raises:
        ValueError: when an amount has no currency, or a total would cross currencies.
    """
    anchor = f"table-{slug(id or title)}"
    if frame.is_empty():
        words = f'<p class="rk-empty">{between_tags(empty)}</p>'
        return Panel(_boxed(titled(title, caption, anchor) + words), f"{title}: {empty}")
    currencies = currencies_of(frame, money or {})
    opened = listed(details)
    names = shown_names(frame, currencies, leave_out=detail_columns(opened), chosen=columns)
    shown = columns_of(frame, names, currencies, labels or {})
    first = _sorted(frame, sort).head(limit)
    foot = totals_html(frame, shown, total, currencies)
    rows, shown = with_cells(with_details(first, opened, key, Spelling(currencies, money or {}, labels or {})), shown)
    grid = _grid(anchor, rows, shown, sort, foot)
    tools = _tools(frame.height, rows.height, title)
    return Panel(_boxed(titled(title, caption, anchor) + tools + grid), _plain(rows, shown, title, frame.height))


def _boxed(content: str) -> str:
    # JupyterLab takes single keys for commands; the attribute leaves them to the search box.
    return f'<div class="rk-table" data-lm-suppress-shortcuts="true">{content}</div>'


def _sorted(frame: pl.DataFrame, sort: str | None) -> pl.DataFrame:
    if sort is None:
        return frame
    return frame.sort(sort.removeprefix("-"), descending=sort.startswith("-"), nulls_last=True, maintain_order=True)


def _tools(row_count: int, shown_count: int, title: str) -> str:
    total = count(shown_count, "row")
    left_out = "" if shown_count == row_count else (
        f'<p class="rk-caption">The first {shown_count:,} of {row_count:,} rows are on this page; '
        "the close folder holds the whole table.</p>"
    )  # fmt: skip
    if row_count < _SEARCHED_ROWS:
        return left_out
    return (
        f'{left_out}<div class="rk-tools"><label>Search <input type="search" autocomplete="off" spellcheck="false" '
        f'aria-label="Search in {html.escape(title)}"></label><output>{total}</output></div>'
    )


def _grid(anchor: str, rows: pl.DataFrame, columns: Sequence[Column], sort: str | None, foot: str) -> str:
    has_details = bool((rows[OPENED] != "").any())
    head = "".join(_heading(column, sort) for column in columns)
    toggle_head = '<th scope="col" class="rk-toggle"><span class="rk-sr">Details</span></th>' if has_details else ""
    row_html = _row_with_details(columns) if has_details else _row(columns, pl.lit(""))
    body = rows.select(row_html.str.join("")).item()
    foot = foot.replace("<tr>", '<tr><td class="rk-toggle"></td>') if has_details else foot
    wide = " rk-wide" if len(columns) >= _WIDE_COLUMNS else ""
    wide += " rk-short" if rows.height <= _SHORT_ROWS else ""
    return (
        f'<div class="rk-scroll{wide}" tabindex="0" role="group" aria-labelledby="{anchor}">'
        f'<table class="rk-grid" aria-labelledby="{anchor}"><thead><tr>{toggle_head}{head}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table></div>"
    )


def _heading(column: Column, sort: str | None) -> str:
    direction = "none"
    if sort is not None and sort.removeprefix("-") == column.name:
        direction = "descending" if sort.startswith("-") else "ascending"
    number = ' class="rk-number"' if column.is_number else ""
    label = between_tags(column.label)
    return f'<th scope="col" aria-sort="{direction}"{number}><button type="button">{label}</button></th>'


def _row(columns: Sequence[Column], toggle: pl.Expr) -> pl.Expr:
    first, *rest = columns
    cells = [cell_html(first, "th"), *[cell_html(column) for column in rest]]
    return pl.concat_str(pl.lit('<tr class="rk-row">'), toggle, *cells, pl.lit("</tr>"))


def _row_with_details(columns: Sequence[Column]) -> pl.Expr:
    name = escaped(columns[0].text).str.replace_all('"', "&quot;", literal=True).fill_null("this row")
    opener = '<button type="button" aria-expanded="false" aria-label="Details of {}"></button>'
    button = pl.format(f'<td class="rk-toggle">{opener}</td>', name)
    toggle = pl.when(pl.col(OPENED) == "").then(pl.lit('<td class="rk-toggle"></td>')).otherwise(button)
    opened = pl.format(f'<tr class="rk-detail" hidden><td colspan="{len(columns) + 1}">{{}}</td></tr>', OPENED)
    below = pl.when(pl.col(OPENED) == "").then(pl.lit("")).otherwise(opened)
    return pl.concat_str(_row(columns, toggle), below)


def _plain(rows: pl.DataFrame, columns: Sequence[Column], title: str, row_count: int) -> str:
    lines = rows.head(_PLAIN_ROWS).select(
        pl.concat_str([cell_plain(column) for column in columns], separator=" | ").alias("line")
    )["line"]
    rest = [f"… {count(row_count - _PLAIN_ROWS, 'more row')}"] if row_count > _PLAIN_ROWS else []
    heading = " | ".join(column.label for column in columns)
    return "\n".join([f"{title} ({count(row_count, 'row')})", heading, *lines, *rest])
