"""Details: what opens below a row, from columns of the row and from frames keyed by it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from recon_kit.tables.cells import Column, cell_html, columns_of, currencies_of, escaped, shown_names

if TYPE_CHECKING:
    from collections.abc import Mapping

Details: TypeAlias = Sequence[str | pl.DataFrame] | pl.DataFrame | None

OPENED = "_opened_html"
_LONG_LINES = 25
_NUMBER = ' class="rk-number"'


def split_details(details: Details) -> tuple[list[str], list[pl.DataFrame]]:
    """Separate the columns to open from the frames to open."""
    given = [details] if isinstance(details, pl.DataFrame) else list(details or ())
    return [one for one in given if isinstance(one, str)], [one for one in given if isinstance(one, pl.DataFrame)]


def with_details(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    frames: Sequence[pl.DataFrame],
    key: str | None,
    money: Mapping[str, str],
) -> pl.DataFrame:
    """Add to each row the HTML that opens below it.

    Returns:
        One row per row of ``frame``, in its order, with ``_opened_html``: empty where there is nothing to open.

    Raises:
        ValueError: when frames are given without the key that joins them.
    """
    if frames and key is None:
        message = "Frames of details need key=, the column that joins them to the rows of the table."
        raise ValueError(message)
    pieces = [f"_lines_{number}" for number in range(len(frames))]
    opened = frame
    for piece, lines in zip(pieces, frames, strict=True):
        nested = _lines_by_key(_in_currency(lines, frame, str(key)), str(key), money).rename({"lines_html": piece})
        opened = opened.join(nested, on=key, how="left", validate="m:1", maintain_order="left")
    written = pl.concat_str(_definitions(columns), *[pl.col(piece).fill_null("") for piece in pieces])
    return opened.with_columns(written.alias(OPENED)).drop(pieces)


def _definitions(columns: Sequence[Column]) -> pl.Expr:
    if not columns:
        return pl.lit("")
    entries = [_definition(column) for column in columns]
    joined = pl.concat_str(entries)
    return pl.when(joined == "").then(pl.lit("")).otherwise(pl.concat_str(pl.lit("<dl>"), joined, pl.lit("</dl>")))


def _definition(column: Column) -> pl.Expr:
    sign = pl.when(column.is_negative.fill_null(value=False)).then(pl.lit("-")).otherwise(pl.lit(""))
    opening = pl.lit(f"<dt>{html.escape(column.label)}</dt><dd>")
    return pl.concat_str(opening, sign, escaped(column.text), pl.lit("</dd>")).fill_null("")


def _in_currency(lines: pl.DataFrame, frame: pl.DataFrame, key: str) -> pl.DataFrame:
    # Lines without a currency of their own are in that of the row they explain.
    if "currency" in lines.columns or "currency" not in frame.columns:
        return lines
    return lines.join(frame.select(key, "currency"), on=key, how="inner", validate="m:1", maintain_order="left")


def _lines_by_key(lines: pl.DataFrame, key: str, money: Mapping[str, str]) -> pl.DataFrame:
    codes = sorted(set(money.values()))
    bare = [name for name in lines.columns if name.endswith("_minor")] if "currency" not in lines.columns else []
    inherited = dict.fromkeys(bare, codes[0]) if len(codes) == 1 else {}
    given = {name: code for name, code in money.items() if name in lines.columns}
    currencies = currencies_of(lines, inherited | given)
    columns = columns_of(lines, shown_names(lines, currencies, leave_out=[key]), currencies, {})
    row = pl.concat_str(pl.lit("<tr>"), *[cell_html(column) for column in columns], pl.lit("</tr>"))
    grouped = (
        lines.select(pl.col(key), row.alias("row_html"))
        .group_by(key, maintain_order=True)
        .agg(pl.col("row_html").str.join("").alias("rows"), pl.len().alias("line_count"))
    )
    return grouped.select(key, _nested_table(columns).alias("lines_html"))


def _nested_table(columns: Sequence[Column]) -> pl.Expr:
    heads = "".join(
        f'<th scope="col"{_NUMBER if column.is_number else ""}>{html.escape(column.label)}</th>' for column in columns
    )
    is_long = pl.col("line_count") > _LONG_LINES
    opening = (
        pl.when(is_long).then(pl.lit('<table class="rk-lines rk-long">')).otherwise(pl.lit('<table class="rk-lines">'))
    )
    note = pl.format('<p class="rk-unprinted">{} lines, not printed.</p>', "line_count")
    table = pl.concat_str(
        opening, pl.lit(f"<thead><tr>{heads}</tr></thead><tbody>"), "rows", pl.lit("</tbody></table>")
    )
    return pl.when(is_long).then(table + note).otherwise(table)
