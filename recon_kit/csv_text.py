"""One CSV file of Salesforce as text records: encoding, records over several lines, rows that are not of the table.

Nothing is interpreted here; every value is the text that stands in the file.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from recon_kit.csv_split import field_count, is_sound, records_of, requote, split_lines
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

FILE, LINE, LINE_COUNT = "#file", "#line", "#lines"
"""Where a record stands; the mark keeps them apart from the columns of the source."""

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_RECORD = 8 * 1024 * 1024
LARGE = 1_000_000
"""Bytes from which the fast pass is worth its start."""
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


def read_csv_text(path: Path) -> CsvText:
    """Read a CSV file into text columns.

    Blank lines are no records. A record whose fields are not as many as the header's, or whose quotes do not match, is
    malformed; a quote left open spoils its own line only.

    Raises:
        SchemaError: two columns have the same name.
    """
    if path.stat().st_size >= LARGE and (read := _read_large(path)) is not None:
        return read
    text, encoding = read_text(path)
    lines = split_lines(text).filter(pl.col("text").str.strip_chars() != "") if '"' not in text else split_lines(text)
    first = lines.filter(pl.col("text").str.strip_chars() != "").head(1)
    if first.is_empty():
        return CsvText(encoding, [], _nowhere(), _nothing_malformed())
    delimiter = _delimiter(first["text"].item())
    pieces = requote(records_of(lines, delimiter), delimiter)
    header = _header(pieces["text"].item(0), delimiter, path.name)
    body = pieces.slice(1)
    fits = (is_sound(delimiter) & (field_count(delimiter) == len(header))).fill_null(value=False)
    marked = body.with_columns(is_sound=fits)
    sound = marked.filter("is_sound")
    records = _place(path.name, sound).hstack(_parse(sound["text"], header, delimiter))
    return CsvText(
        encoding, header, records, _malformed(path.name, marked.filter(~pl.col("is_sound")), header, delimiter)
    )


def _read_large(path: Path) -> CsvText | None:
    """Read a file without faults in one fast pass; none where it has any, or its lines need a closer look."""
    with path.open("rb") as file:
        first = file.readline()
        line_count = 1 + sum(piece.count(b"\n") for piece in iter(lambda: file.read(LARGE), b""))
        file.seek(-1, 2)
        line_count += file.read(1) != b"\n"
    if first.count(b'"') % 2 or not first.strip():
        return None
    try:
        head = first.decode("utf-8-sig").strip()
        delimiter = _delimiter(head)
        header = _header(head, delimiter, path.name)
        records = _parse_large(path, header, delimiter)
    except (duckdb.Error, UnicodeDecodeError):
        return None
    breaks = pl.sum_horizontal(pl.col(name).str.count_matches("\n", literal=True) for name in header)
    sizes = records.select((breaks + 1).cast(pl.Int64).alias(LINE_COUNT)).to_series()
    if sizes.sum() + 1 != line_count:
        return None
    starts = (sizes.cum_sum() - sizes + 2).alias(LINE)
    placed = records.select(pl.lit(path.name).alias(FILE), starts, sizes, pl.col(header))
    return CsvText("utf-8", header, placed, _nothing_malformed())


def _parse_large(path: Path, header: list[str], delimiter: str) -> pl.DataFrame:
    names = [f"c{number}" for number in range(len(header))]
    with duckdb.connect() as connection:
        rows: pl.DataFrame = connection.sql(
            "select * from read_csv($path, header=false, skip=1, auto_detect=false, delim=$delimiter, quote='\"', "
            "escape='\"', strict_mode=true, null_padding=false, ignore_errors=false, columns=$columns, "
            "max_line_size=$longest, buffer_size=$buffer)",
            params={
                "path": str(path),
                "delimiter": delimiter,
                "columns": dict.fromkeys(names, "VARCHAR"),
                "longest": _LONGEST_RECORD,
                "buffer": 2 * _LONGEST_RECORD,
            },
        ).pl()
    return rows.rename(dict(zip(names, header, strict=True)))


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
        field_count(delimiter),
    )
    quotes = pl.lit("The record's quotes do not match. Export the file again with every text in double quotes.")
    reason = pl.when(is_sound(delimiter)).then(count).otherwise(quotes)
    return records.select(pl.lit(file_name).alias(FILE), pl.col("line").alias(LINE), raw="text", reason=reason)
