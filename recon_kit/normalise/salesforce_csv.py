"""One CSV file of Salesforce as text records: encoding, records over several lines, rows that are not of the table.

Nothing is interpreted here; every value is the text that stands in the file.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

FILE, LINE, LINE_COUNT = "#file", "#line", "#lines"
"""Where a record stands; the mark keeps them apart from the columns of the source."""

_DELIMITERS = (",", ";", "\t", "|")
_RESTARTS = 60
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class CsvText:
    """A file taken apart.

    Attributes:
        encoding: the encoding the file was read in.
        header: column names as written, trimmed; empty for a file without any line.
        records: ``#file``, ``#line`` (physical line of the record's start), ``#lines`` and the header's columns.
        malformed: ``#file``, ``#line``, ``raw``, ``reason``: records that have other fields than the header.
    """

    encoding: str
    header: list[str]
    records: pl.DataFrame
    malformed: pl.DataFrame


def read_text(path: Path) -> tuple[str, str]:
    """Decode a file: by its byte order mark, else UTF-8, else cp1252.

    Returns:
        The text and the name of the encoding.
    """
    content = path.read_bytes()
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"


def split_lines(text: str) -> pl.DataFrame:
    """Number the physical lines of a text from 1: ``line``, ``text`` (without the line feed)."""
    lines = pl.Series("text", text.split("\n"), dtype=pl.String)
    return pl.DataFrame([lines]).with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))


def read_csv_text(path: Path) -> CsvText:
    """Read a CSV file into text columns.

    Blank lines are no records. A record whose fields are not as many as the header's, or whose quotes do not match, is
    malformed; a quote left open spoils its own line only.

    Raises:
        SchemaError: two columns have the same name.
    """
    text, encoding = read_text(path)
    lines = split_lines(text).filter(pl.col("text").str.strip_chars() != "") if '"' not in text else split_lines(text)
    first = lines.filter(pl.col("text").str.strip_chars() != "").head(1)
    if first.is_empty():
        return CsvText(encoding, [], _nowhere(), _nothing_malformed())
    delimiter = _delimiter(first["text"].item())
    pieces = _records(lines, delimiter)
    header = _header(pieces["text"].item(0), delimiter, path.name)
    body = pieces.slice(1)
    is_sound = (_is_sound(delimiter) & (_field_count(delimiter) == len(header))).fill_null(value=False)
    marked = body.with_columns(is_sound=is_sound)
    sound = marked.filter("is_sound")
    records = _place(path.name, sound).hstack(_parse(sound["text"], header, delimiter))
    return CsvText(
        encoding, header, records, _malformed(path.name, marked.filter(~pl.col("is_sound")), header, delimiter)
    )


def _records(lines: pl.DataFrame, delimiter: str) -> pl.DataFrame:
    """Join physical lines into records: ``line``, ``lines``, ``text``, in the order of the file, blank lines left out.

    A line that begins inside quotes belongs to the record before it. Where that gives a record whose quotes do not
    match, its first line stands alone and the lines after it are taken apart anew.
    """
    found, pending = [], lines
    for _ in range(_RESTARTS):
        joined = _join(pending)
        torn = joined.filter((pl.col("lines") > 1) & ~_is_sound(delimiter)).head(1)
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


def _is_sound(delimiter: str) -> pl.Expr:
    d = re.escape(delimiter)
    one = rf'(?:"(?:[^"]|"")*"|[^"{d}]*)'
    return pl.col("text").str.contains(rf"(?s)\A{one}(?:{d}{one})*\r?\z")


def _field_count(delimiter: str) -> pl.Expr:
    bare = pl.col("text").str.replace_all(r'"[^"]*"', "")
    return bare.str.count_matches(delimiter, literal=True) + 1


def _delimiter(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=bare.count)


def _header(text: str, delimiter: str, file_name: str) -> list[str]:
    row = pl.read_csv(
        io.BytesIO(text.encode()), has_header=False, infer_schema=False, separator=delimiter, truncate_ragged_lines=True
    ).row(0)
    names = [(name or "").strip() or f"(column {number})" for number, name in enumerate(row, start=1)]
    lowered = [name.lower() for name in names]
    twice = sorted({name for name in names if lowered.count(name.lower()) > 1})
    if twice:
        raise SchemaError(
            f"{file_name}: {len(twice)} column name(s) stand more than once in the header: {', '.join(twice[:3])}. "
            "Which one counts cannot be known. Export the file again with every column once."
        )
    return names


def _parse(texts: pl.Series, header: list[str], delimiter: str) -> pl.DataFrame:
    if texts.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(header, pl.String))
    content = "\n".join(texts.to_list()).encode()
    parsed = pl.read_csv(
        io.BytesIO(content), has_header=False, new_columns=header, infer_schema=False, separator=delimiter
    )
    if parsed.height != texts.len():
        raise SchemaError(
            f"{texts.len()} records were found and {parsed.height} were read; the file's quoting is unusual."
        )
    return parsed


def _place(file_name: str, records: pl.DataFrame) -> pl.DataFrame:
    return records.select(pl.lit(file_name).alias(FILE), pl.col("line").alias(LINE), pl.col("lines").alias(LINE_COUNT))


def _nowhere() -> pl.DataFrame:
    return pl.DataFrame(schema={FILE: pl.String, LINE: pl.Int64, LINE_COUNT: pl.Int64})


def _nothing_malformed() -> pl.DataFrame:
    return pl.DataFrame(schema={FILE: pl.String, LINE: pl.Int64, "raw": pl.String, "reason": pl.String})


def _malformed(file_name: str, records: pl.DataFrame, header: list[str], delimiter: str) -> pl.DataFrame:
    count = pl.format(
        f"The record has {{}} fields and the header {len(header)}. Export the file again, or correct the line.",
        _field_count(delimiter),
    )
    quotes = pl.lit("The record's quotes do not match. Export the file again with every text in double quotes.")
    reason = pl.when(_is_sound(delimiter)).then(count).otherwise(quotes)
    return records.select(pl.lit(file_name).alias(FILE), pl.col("line").alias(LINE), raw="text", reason=reason)
