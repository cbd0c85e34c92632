"""The text of a CSV file cut into records: by physical lines, quotes that span them, and quotes that do not match."""

from __future__ import annotations

import csv
import re

import polars as pl

RESTARTS = 60
"""Records with an open quote after which a file is taken apart anew; beyond, every line stands alone."""


def split_lines(text: str) -> pl.DataFrame:
    """Number the physical lines of a text from 1: ``line``, ``text`` (without the line feed).

    A text without any line feed is cut at its carriage returns, as old spreadsheets write them.
    """
    end = "\r" if "\n" not in text else "\n"
    lines = pl.Series("text", text.split(end), dtype=pl.String)
    return pl.DataFrame([lines]).with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))


def records_of(lines: pl.DataFrame, delimiter: str, *, fields: int | None = None) -> pl.DataFrame:
    """Join physical lines into records: ``line``, ``lines``, ``text``, in the order of the file, blank lines left out.

    A line that begins inside quotes belongs to the record before it. Where that gives a record whose quotes do not
    match, or that has other than the number of ``fields``, its first line stands alone and the lines after it are taken
    apart anew: a quote left open swallows no other record.
    """
    is_torn = ~is_sound(delimiter) if fields is None else ~is_sound(delimiter) | (field_count(delimiter) != fields)
    found, pending = [], lines
    for _ in range(RESTARTS):
        joined = _join(pending)
        torn = joined.filter((pl.col("lines") > 1) & is_torn).head(1)
        if torn.is_empty():
            found.append(joined)
            break
        first = torn["line"].item()
        found.append(joined.filter(pl.col("line") < first))
        found.append(_alone(pending.filter(pl.col("line") == first)))
        pending = pending.filter(pl.col("line") > first)
    else:
        found.append(_alone(pending))
    records = pl.concat(found).sort("line")
    return records.with_columns(pl.col("text").str.strip_chars_end("\r")).filter(pl.col("text").str.strip_chars() != "")


def _alone(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select("line", lines=pl.lit(1, dtype=pl.Int64), text="text")


def _join(lines: pl.DataFrame) -> pl.DataFrame:
    quotes = pl.col("text").str.count_matches('"', literal=True).cast(pl.Int64)
    begun = lines.sort("line").with_columns(record=((quotes.cum_sum() - quotes) % 2 == 0).cum_sum())
    size = pl.len().over("record").cast(pl.Int64)
    whole = begun.with_columns(lines=size)
    several = (
        whole.filter(pl.col("lines") > 1)
        .group_by("record", maintain_order=True)
        .agg(pl.col("line").first(), pl.col("lines").first(), pl.col("text").str.join("\n"))
    )
    single = whole.filter(pl.col("lines") == 1)
    columns = ["line", "lines", "text"]
    return pl.concat([single.select(columns), several.select(columns)]).sort("line")


def is_sound(delimiter: str) -> pl.Expr:
    """Tell whether a record's quotes match: every field is wholly in quotes, or holds none."""
    d = re.escape(delimiter)
    one = rf'(?:"(?:[^"]|"")*"|[^"{d}]*)'
    return pl.col("text").str.contains(rf"(?s)\A{one}(?:{d}{one})*\r?\z")


def _is_loose(delimiter: str) -> pl.Expr:
    """Tell whether a record would be sound if quotes inside unquoted fields were plain characters (``5" pipe``)."""
    d = re.escape(delimiter)
    one = rf'(?:"(?:[^"]|"")*"|(?:[^"{d}\n][^{d}\n]*)?)'
    return ~is_sound(delimiter) & pl.col("text").str.contains(rf"(?s)\A{one}(?:{d}{one})*\r?\z")


def requote(pieces: pl.DataFrame, delimiter: str) -> pl.DataFrame:
    """Put the fields of the few records with quotes inside unquoted fields in quotes, so that all are read alike."""
    loose = pieces.filter(_is_loose(delimiter))
    if loose.is_empty():
        return pieces
    try:
        rows = list(csv.reader(loose["text"].to_list(), delimiter=delimiter))
    except csv.Error:
        return pieces
    texts = [delimiter.join(f'"{field.replace(chr(34), chr(34) * 2)}"' for field in row) for row in rows]
    quoted = loose.select("line", quoted=pl.Series(texts, dtype=pl.String))
    joined = pieces.join(quoted, on="line", how="left", validate="1:1", maintain_order="left")
    return joined.with_columns(pl.coalesce("quoted", "text").alias("text")).drop("quoted")


def field_count(delimiter: str) -> pl.Expr:
    """Count the fields of a sound record."""
    bare = pl.col("text").str.replace_all(r'"[^"]*"', "")
    return bare.str.count_matches(delimiter, literal=True) + 1
