"""Which files hold a Salesforce object, and their records in one frame."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.csv_split import split_lines
from recon_kit.csv_text import FILE, LINE, LINE_COUNT, CsvText, read_csv_text, read_text
from recon_kit.quarantine import RAW_LIMIT
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import SALESFORCE
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.schemas.raw import RawObject

FILE_ORDER, CONTENT = "#order", "#content"
_OWN = frozenset({FILE, LINE, LINE_COUNT, FILE_ORDER, CONTENT})


@dataclass(frozen=True)
class RawRecords:
    """What the files of one object say.

    Attributes:
        object_name: API name.
        files: in the order of their names, in which later ones are newer.
        headers: column names by file name.
        records: ``#file #line #lines #order #content`` and the columns of all files, spelt as first seen.
        malformed: ``#file``, ``#line``, ``raw``, ``reason``.
        notes: rows of ``notes``.
    """

    object_name: str
    files: list[Path]
    headers: dict[str, list[str]]
    records: pl.DataFrame
    malformed: pl.DataFrame
    notes: pl.DataFrame = field(default_factory=TABLES["notes"].empty)

    @property
    def is_absent(self) -> bool:
        """Whether there is no file with a header."""
        return not self.headers

    @property
    def columns(self) -> list[str]:
        """The source's columns."""
        return [name for name in self.records.columns if name not in _OWN]


def object_files(folder: Path, object_name: str) -> list[Path]:
    """List the files of an object by name: ``Account.csv``, ``Account_2026-10.csv``; a part begins with a digit."""
    pattern = re.compile(rf"{object_name}([-_. ]\d[^/]*)?\.csv", re.IGNORECASE)
    files = folder.iterdir() if folder.is_dir() else []
    return sorted(
        (file for file in files if file.is_file() and pattern.fullmatch(file.name)), key=lambda file: file.name
    )


def read_object(folder: Path, raw_object: RawObject) -> RawRecords:
    """Read all files of an object.

    Raises:
        SchemaError: the object is required and has no file, or none with a header; or a header names a column twice.
    """
    files = object_files(folder, raw_object.name)
    texts = {file.name: read_csv_text(file) for file in files}
    headed = {name: text for name, text in texts.items() if text.header}
    if raw_object.required and not headed:
        what = "has no header line" if files else "is missing"
        raise SchemaError(
            f"The required file salesforce/{raw_object.name}.csv {what}. Export the object {raw_object.name} "
            "with its API names as columns and put it there."
        )
    spelling = _spelling(headed)
    frames = [_numbered(text, spelling, order) for order, text in enumerate(headed.values())]
    records = pl.concat(frames, how="diagonal") if frames else _numbered(_no_text(), {}, 0)
    marked = records.with_columns(_content(records).alias(CONTENT))
    malformed = pl.concat([text.malformed for text in headed.values()] or [_no_text().malformed])
    headers = {name: text.header for name, text in headed.items()}
    return RawRecords(raw_object.name, files, headers, marked, malformed, _encoding_notes(raw_object.name, texts))


def raw_texts(raw: RawRecords, wanted: pl.DataFrame) -> pl.DataFrame:
    """Read the text of some records again.

    Args:
        raw: their object.
        wanted: ``file`` and ``line`` of each record.

    Returns:
        One row per record wanted: ``file``, ``line``, ``raw`` (its beginning).
    """
    sizes = raw.records.select(file=FILE, line=LINE, lines=LINE_COUNT)
    places = wanted.select("file", "line").unique().join(sizes, on=["file", "line"], how="inner", validate="1:1")
    found = [pl.DataFrame(schema={"file": pl.String, "line": pl.Int64, "raw": pl.String})]
    for file in raw.files:
        mine = places.filter(pl.col("file") == file.name)
        if not mine.is_empty():
            found.append(_texts_of(file, mine))
    return pl.concat(found)


def _texts_of(file: Path, places: pl.DataFrame) -> pl.DataFrame:
    every = places.with_columns(number=pl.int_ranges("line", pl.col("line") + pl.col("lines"))).explode("number")
    lines = split_lines(read_text(file)[0]).rename({"line": "number"})
    texts = every.join(lines, on="number", how="left", validate="m:1").sort("line", "number")
    joined = texts.group_by("file", "line", maintain_order=True).agg(raw=pl.col("text").str.join("\n"))
    return joined.with_columns(pl.col("raw").str.strip_chars_end("\r").str.head(RAW_LIMIT))


def _spelling(texts: dict[str, CsvText]) -> dict[str, str]:
    spelling: dict[str, str] = {}
    for text in texts.values():
        for name in text.header:
            spelling.setdefault(name.lower(), name)
    return spelling


def _numbered(text: CsvText, spelling: dict[str, str], order: int) -> pl.DataFrame:
    renamed = text.records.rename({name: spelling[name.lower()] for name in text.header})
    return renamed.with_columns(pl.lit(order, dtype=pl.Int64).alias(FILE_ORDER))


def _no_text() -> CsvText:
    places = {FILE: pl.String, LINE: pl.Int64}
    records = pl.DataFrame(schema={**places, LINE_COUNT: pl.Int64})
    return CsvText("utf-8", [], records, pl.DataFrame(schema={**places, "raw": pl.String, "reason": pl.String}))


def _content(records: pl.DataFrame) -> pl.Expr:
    columns = sorted(name for name in records.columns if name not in _OWN)
    return pl.struct(pl.col(columns).fill_null("")).hash() if columns else pl.lit(0, dtype=pl.UInt64)


def _encoding_notes(object_name: str, texts: dict[str, CsvText]) -> pl.DataFrame:
    rows = [
        {
            "source": SALESFORCE,
            "object": object_name,
            "subject": name,
            "message": f"The file is not wholly UTF-8 and was read as {text.encoding}; check names with accents.",
            "records": text.records.height,
        }
        for name, text in texts.items()
        if not text.is_utf8
    ]
    return pl.DataFrame(rows, schema=TABLES["notes"].empty().schema)
