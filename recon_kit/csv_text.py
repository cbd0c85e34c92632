"""One CSV file of Salesforce as text records: encoding, records over several lines, rows that are not of the table.

Nothing is interpreted here; every value is the text that stands in the file.
"""

from __future__ import annotations

import csv
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
_NAMED_DELIMITER = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_UNNAMED = "(column "
_LONGEST_RECORD = 8 * 1024 * 1024
LARGE = 1_000_000
"""Bytes from which the fast pass is worth its start."""
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FOREIGN_SHARE = 10
"""Bytes that are no UTF-8 for each character that needs several: text of another encoding hardly ever has one."""
_BESIDE_UTF8 = "utf-8 with some cp1252"
_WHOLLY_UTF8 = frozenset({"utf-8", "utf-8-sig"})
_ESCAPED = 0xDC00
_FROM_CP1252 = {
    _ESCAPED + byte: bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0x100)
}
"""What ``surrogateescape`` makes of a byte, as the character cp1252 gives it; its five gaps as latin-1 does."""


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

    @property
    def is_utf8(self) -> bool:
        """Whether the whole file was UTF-8."""
        return self.encoding in _WHOLLY_UTF8


def read_text(path: Path) -> tuple[str, str]:
    """Decode a file: by its byte order mark, as UTF-16 where every other byte is zero, as UTF-8, else as cp1252.

    Where UTF-8 prevails, only the bytes that are none are read as cp1252: one damaged line does not spell the names of
    all the others differently.

    Returns:
        The text and the name of the encoding.
    """
    content = path.read_bytes()
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    if wide := _wide_encoding(content[:4096]):
        return content.decode(wide, errors="replace"), wide
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _not_wholly_utf8(content)


def _not_wholly_utf8(content: bytes) -> tuple[str, str]:
    text = content.decode("utf-8", errors="surrogateescape")
    foreign = len(re.findall("[\udc80-\udcff]", text))
    if len(re.findall("[^\x00-\x7f\udc80-\udcff]", text)) * _FOREIGN_SHARE >= foreign:
        return text.translate(_FROM_CP1252), _BESIDE_UTF8
    return content.decode("ascii", errors="surrogateescape").translate(_FROM_CP1252), "cp1252"


def _wide_encoding(start: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zeros: most of the bytes of one kind of place, hardly any of the other."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    most, few = max(even, odd), min(even, odd)
    if not most or most * 4 < len(start) or few * 8 > most:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def read_csv_text(path: Path) -> CsvText:
    """Read a CSV file into text columns.

    Blank lines are no records. A record whose fields are not as many as the header's, or whose quotes do not match, is
    malformed, and so is one that repeats the header; a quote left open spoils its own line only. A first line such as
    ``sep=;`` names the delimiter.

    Raises:
        SchemaError: the header cannot be read, or two columns have the same name.
    """
    if path.stat().st_size >= LARGE and (read := _read_large(path)) is not None:
        return read
    text, encoding = read_text(path)
    lines = split_lines(text).filter(pl.col("text").str.strip_chars() != "") if '"' not in text else split_lines(text)
    lines, delimiter = _delimited(lines)
    if delimiter is None:
        return CsvText(encoding, [], _nowhere(), _nothing_malformed())
    header = _header(records_of(lines, delimiter)["text"].item(0), delimiter, path.name)
    body = requote(records_of(lines, delimiter, fields=len(header)), delimiter).slice(1)
    fits = (is_sound(delimiter) & (field_count(delimiter) == len(header))).fill_null(value=False)
    marked = body.with_columns(is_sound=fits)
    sound = marked.filter("is_sound")
    parsed = _parse(sound["text"], header, delimiter)
    again = parsed.select(_repeats(header)).to_series()
    spoilt = pl.concat([marked.filter(~pl.col("is_sound")), sound.filter(again)]).sort("line")
    records = _place(path.name, sound).hstack(parsed).filter(~again)
    return CsvText(encoding, header, records, _malformed(path.name, spoilt, header, delimiter))


def _read_large(path: Path) -> CsvText | None:
    """Read a file without faults in one fast pass; none where it has any, or its lines need a closer look."""
    with path.open("rb") as file:
        first = file.readline()
        line_count = 1 + sum(piece.count(b"\n") for piece in iter(lambda: file.read(LARGE), b""))
        file.seek(-1, 2)
        line_count += file.read(1) != b"\n"
    if first.count(b'"') % 2 or not first.strip() or first[:4].lower() == b"sep=" or b"\0" in first:
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
    if records.filter(pl.col(header[0]).str.contains(header[0], literal=True)).select(_repeats(header).any()).item():
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


def _delimited(lines: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Find the delimiter by the first line that is not blank; none without one. A line that names it is dropped."""
    filled = lines.filter(pl.col("text").str.strip_chars() != "").head(1)
    if filled.is_empty():
        return lines, None
    first, number = filled["text"].item(), filled["line"].item()
    named = _NAMED_DELIMITER.fullmatch(first)
    if named is None:
        return lines, _delimiter(first)
    rest = lines.filter(pl.col("line") > number)
    is_blank = rest.filter(pl.col("text").str.strip_chars() != "").is_empty()
    return rest, None if is_blank else named[1]


def _repeats(header: list[str]) -> pl.Expr:
    """Tell whether a record is the header once more, as in files put one behind the other."""
    named = [name for name in header if not name.startswith(_UNNAMED)]
    if not named:
        return pl.lit(value=False).repeat_by(pl.len()).explode()
    return pl.all_horizontal(pl.col(name).str.strip_chars().eq_missing(pl.lit(name)) for name in named)


def _delimiter(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=bare.count)


def _header(text: str, delimiter: str, file_name: str) -> list[str]:
    try:
        row = next(csv.reader([text], delimiter=delimiter))
    except csv.Error as fault:
        raise SchemaError(
            f"{file_name}: the header line cannot be read ({fault}). Is it a CSV file? Export it again."
        ) from fault
    written = [name.strip() for name in row]
    names = [
        name if name and name not in (FILE, LINE, LINE_COUNT) else f"{_UNNAMED}{number})"
        for number, name in enumerate(written, start=1)
    ]
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
    again = pl.lit("The line repeats the header, as where files were put one behind the other. Remove the line.")
    fits = is_sound(delimiter) & (field_count(delimiter) == len(header))
    reason = pl.when(fits).then(again).when(is_sound(delimiter)).then(count).otherwise(quotes)
    return records.select(pl.lit(file_name).alias(FILE), pl.col("line").alias(LINE), raw="text", reason=reason)
