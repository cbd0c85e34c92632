"""Details: what opens below a row, from columns of the row and from frames keyed by it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import polars as pl

from recon_kit.tables.cells import Column, cell_html, columns_of, currencies_of, escaped, shown_names, with_cells
from recon_kit.tables.panel import between_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Detail: TypeAlias = str | pl.DataFrame | tuple[str, pl.DataFrame]
Details: TypeAlias = Sequence[Detail] | pl.DataFrame | None
"""A column of the row, a frame keyed by it, or a heading with such a frame; a list of them opens in its order."""

OPENED = "_opened_html"
_LONG_LINES = 25
_NUMBER = ' class="rk-number"'


class Spelling(NamedTuple):
    """How columns are written: the currencies of amounts, and headings that differ from a column's name."""

    currencies: Mapping[str, str]
    money: Mapping[str, str]
    labels: Mapping[str, str]


def listed(details: Details) -> list[Detail]:
    """Return details as a list, whichever way they were given."""
    return [details] if isinstance(details, pl.DataFrame) else list(details or ())


def detail_columns(details: Sequence[Detail]) -> list[str]:
    """Name the columns of the row that open below it."""
    return [one for one in details if isinstance(one, str)]


def with_details(frame: pl.DataFrame, details: Sequence[Detail], key: str | None, spelling: Spelling) -> pl.DataFrame:
    """Add to each row the HTML that opens below it.

    Args:
        frame: rows of the table.
        details: what opens, in order; columns next to one another make one list of names and values.
        key: the column that joins detail frames to rows.
        spelling: ``currencies`` for columns of ``frame``, ``money`` for those of detail frames, ``labels`` for both.

    Returns:
        One row per row of ``frame``, in its order, with ``_opened_html``: empty where there is nothing to open.

    Raises:
        ValueError: when frames are given without the key that joins them.
    """
    if key is None and len(detail_columns(details)) < len(details):
        message = "Frames of details need key=, the column that joins them to the rows of the table."
        raise ValueError(message)
    opened, pieces = frame, [pl.lit("")]
    for number, run in enumerate(_runs(details)):
        if isinstance(run, list):
            pieces.append(_definitions(columns_of(frame, run, spelling.currencies, spelling.labels)))
            continue
        heading, lines = run
        mine = lines.join(frame, on=key, how="semi", maintain_order="left")
        nested = _lines_by_key(_in_currency(mine, frame, str(key)), str(key), heading, spelling)
        piece = f"_lines_{number}"
        opened = opened.join(
            nested.rename({"lines_html": piece}), on=key, how="left", validate="m:1", maintain_order="left"
        )
        pieces.append(pl.col(piece).fill_null(""))
    written = opened.with_columns(pl.concat_str(pieces).alias(OPENED))
    return written.select(*frame.columns, OPENED)


def _runs(details: Sequence[Detail]) -> Iterator[list[str] | tuple[str, pl.DataFrame]]:
    """Give columns that stand next to one another together, and each frame with its heading."""
    for _, run in groupby(details, key=lambda one: isinstance(one, str)):
        together = list(run)
        if names := detail_columns(together):
            yield names
            continue
        for one in together:
            yield ("", one) if isinstance(one, pl.DataFrame) else (str(one[0]), pl.DataFrame(one[1]))


def _definitions(columns: Sequence[Column]) -> pl.Expr:
    if not columns:
        return pl.lit("")
    entries = [_definition(column) for column in columns]
    joined = pl.concat_str(entries)
    return pl.when(joined == "").then(pl.lit("")).otherwise(pl.concat_str(pl.lit("<dl>"), joined, pl.lit("</dl>")))


def _definition(column: Column) -> pl.Expr:
    sign = pl.when(column.is_negative.fill_null(value=False)).then(pl.lit("-")).otherwise(pl.lit(""))
    opening = pl.lit(f"<dt>{between_tags(column.label)}</dt><dd>")
    return pl.concat_str(opening, sign, escaped(column.text), pl.lit("</dd>")).fill_null("")


def _in_currency(lines: pl.DataFrame, frame: pl.DataFrame, key: str) -> pl.DataFrame:
    # Lines without a currency of their own are in that of the row they explain.
    if "currency" in lines.columns or "currency" not in frame.columns:
        return lines
    return lines.join(frame.select(key, "currency"), on=key, how="inner", validate="m:1", maintain_order="left")


def _lines_by_key(lines: pl.DataFrame, key: str, heading: str, spelling: Spelling) -> pl.DataFrame:
    money = spelling.money
    codes = sorted(set(money.values()))
    bare = [name for name in lines.columns if name.endswith("_minor")] if "currency" not in lines.columns else []
    inherited = dict.fromkeys(bare, codes[0]) if len(codes) == 1 else {}
    given = {name: code for name, code in money.items() if name in lines.columns}
    currencies = currencies_of(lines, inherited | given)
    names = shown_names(lines, currencies, leave_out=[key])
    said, columns = with_cells(lines, columns_of(lines, names, currencies, spelling.labels))
    row = pl.concat_str(pl.lit("<tr>"), *[cell_html(column) for column in columns], pl.lit("</tr>"))
    grouped = (
        said.select(pl.col(key), row.alias("row_html"))
        .group_by(key, maintain_order=True)
        .agg(pl.col("row_html").str.join("").alias("rows"), pl.len().alias("line_count"))
    )
    return grouped.select(key, _nested_table(columns, heading).alias("lines_html"))


def _nested_table(columns: Sequence[Column], heading: str) -> pl.Expr:
    heads = "".join(
        f'<th scope="col"{_NUMBER if column.is_number else ""}>{between_tags(column.label)}</th>' for column in columns
    )
    caption = f"<caption>{between_tags(heading)}</caption>" if heading else ""
    is_long = pl.col("line_count") > _LONG_LINES
    opening = (
        pl.when(is_long).then(pl.lit('<table class="rk-lines rk-long">')).otherwise(pl.lit('<table class="rk-lines">'))
    )
    note = pl.format('<p class="rk-unprinted">{} lines, not printed.</p>', "line_count")
    table = pl.concat_str(
        opening, pl.lit(f"{caption}<thead><tr>{heads}</tr></thead><tbody>"), "rows", pl.lit("</tbody></table>")
    )
    return pl.when(is_long).then(table + note).otherwise(table)
