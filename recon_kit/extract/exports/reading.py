"""One export as text: its records with the lines they stand on, and what is none, counted."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.csv_split import records_of, split_lines
from recon_kit.csv_text import CsvText, read_csv_text, read_text
from recon_kit.extract.exports.report_lines import cells_of, delimiter_of, header_row, is_report_line, is_total
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Collection


_HEAD = 4096
"""Characters in which a file that is no text shows itself."""


@dataclass(frozen=True)
class Export:
    """An export taken apart.

    Attributes:
        name: as the column map calls it.
        encoding: the encoding it was read in.
        header: column names as written, trimmed.
        header_line: the line it stands on; 0 where there is none.
        records: ``#file #line #lines`` and the header's columns, all text.
        malformed: ``#file #line raw reason``: records with other fields than the header.
        header_lines: lines of the header.
        report_lines: lines of titles, footers, totals and repeated headers.
        blank_lines: lines without anything.
        record_lines: lines of records, sound and malformed.
    """

    name: str
    encoding: str
    header: list[str]
    header_line: int
    records: pl.DataFrame
    malformed: pl.DataFrame
    header_lines: int
    report_lines: int
    blank_lines: int
    record_lines: int


def read_export(
    path: Path, name: str, wanted: Collection[str], keys: Collection[str] = (), encoding: str | None = None
) -> Export:
    """Read an export.

    Args:
        path: the file.
        name: what the column map calls it, for messages.
        wanted: headers the column map names, by which the header line is found under a report's title.
        keys: headers of the columns that every record fills; a row without them that says it is a total is one.
        encoding: none: byte order mark, else UTF-8, else cp1252.

    Raises:
        SchemaError: the encoding does not exist or does not fit, two columns have one name, or the file is no text.

    Conserves:
        header_lines + report_lines + blank_lines + record_lines == physical lines of the file.
    """
    text, used = _decoded(path, name, encoding)
    lines = split_lines(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n"))
    if not text.strip():
        return _empty(name, used, lines.height if text else 0)
    delimiter = delimiter_of(lines["text"])
    records = records_of(lines, delimiter)
    row = header_row(records, delimiter, wanted)
    header = records.row(row, named=True)
    columns = len(cells_of(header["text"], delimiter))
    body = records.slice(row + 1)
    dropped = pl.concat([records.head(row), body.filter(is_report_line(delimiter, columns, header["text"]))])
    parsed = _parse(lines, dropped, name)
    totals, kept = _without_totals(parsed.records, parsed.header, keys)
    dropped_lines = int(dropped["lines"].sum()) + int(totals["#lines"].sum())
    record_lines = int(kept["#lines"].sum()) + _lines_of(parsed.malformed, records)
    return Export(
        name=name,
        encoding=used,
        header=parsed.header,
        header_line=header["line"],
        records=kept,
        malformed=parsed.malformed,
        header_lines=header["lines"],
        report_lines=dropped_lines,
        blank_lines=lines.filter(pl.col("text").str.strip_chars() == "").height - _blank_inside(records),
        record_lines=record_lines,
    )


def _blank_inside(records: pl.DataFrame) -> int:
    """Count the empty lines inside texts that go over several lines."""
    return int(
        records.select(
            pl.col("text").str.split("\n").list.eval(pl.element().str.strip_chars() == "").list.sum().sum()
        ).item()
    )


def _without_totals(
    records: pl.DataFrame, header: list[str], keys: Collection[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    named = {key.strip().lower() for key in keys}
    totals = is_total(header, [column for column in header if column.lower() in named])
    return records.filter(totals), records.filter(~totals)


def _lines_of(malformed: pl.DataFrame, records: pl.DataFrame) -> int:
    held = malformed.join(records, left_on="#line", right_on="line", how="left", validate="1:1")
    return int(held["lines"].fill_null(1).sum())


def _decoded(path: Path, name: str, encoding: str | None) -> tuple[str, str]:
    text, used = read_text(path) if encoding is None else (_decode(path, name, encoding), encoding)
    if "\0" in text[:_HEAD]:
        message = f"columns: {name} is no text. Open it in the program it came from and save it as CSV (UTF-8)."
        raise SchemaError(message)
    return text.removeprefix("\ufeff"), used


def _decode(path: Path, name: str, encoding: str) -> str:
    try:
        return path.read_bytes().decode(encoding)
    except LookupError as fault:
        message = f"columns: {name}: there is no encoding {encoding!r}. Leave it out, or name one such as cp1252."
        raise SchemaError(message) from fault
    except UnicodeDecodeError as fault:
        message = (
            f"columns: {name} is not in {encoding}: byte {fault.start + 1} cannot be read. Leave encoding out, or "
            "name the right one."
        )
        raise SchemaError(message) from fault


def _parse(lines: pl.DataFrame, dropped: pl.DataFrame, name: str) -> CsvText:
    """Read what is left when report lines are blanked, so that every record keeps its line."""
    spans = dropped.select(number=pl.int_ranges("line", pl.col("line") + pl.col("lines"))).explode("number")
    gone = pl.col("line").is_in(spans["number"].implode())
    left = lines.select(pl.when(~gone).then("text").otherwise(pl.lit(""))).to_series()
    with tempfile.TemporaryDirectory(prefix="recon-export-") as folder:
        cleaned = Path(folder) / Path(name).name
        cleaned.write_bytes("\n".join(left.to_list()).encode())
        return read_csv_text(cleaned)


def _empty(name: str, encoding: str, lines: int) -> Export:
    nowhere = pl.DataFrame(schema={"#file": pl.String, "#line": pl.Int64, "#lines": pl.Int64})
    malformed = pl.DataFrame(schema={"#file": pl.String, "#line": pl.Int64, "raw": pl.String, "reason": pl.String})
    return Export(name, encoding, [], 0, nowhere, malformed, 0, 0, lines, 0)
