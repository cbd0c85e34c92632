"""Raw Stripe files: which hold an object, and their lines in DuckDB, one line a record, numbered from 1."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from recon_kit.schemas.raw import STRIPE
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes that one record may have."""


@dataclass(frozen=True)
class Snapshot:
    """The folder a pull of Stripe lies in; ``raw`` is the folder that holds ``stripe/``."""

    raw: Path

    def files(self, object_name: str) -> list[Path]:
        """List the files of an object, oldest first: by name without its ending, then by name.

        ``invoices.jsonl.gz`` and ``invoices_2026-09.jsonl`` hold invoices: what follows the name begins with a digit.
        """
        folder = self.raw / STRIPE
        pattern = re.compile(rf"{object_name}(?P<part>[-_. ]\d[^/]*?)?\.jsonl(\.gz)?", re.IGNORECASE)
        found = [(match["part"] or "", file) for file in _inside(folder) if (match := pattern.fullmatch(file.name))]
        return [file for _, file in sorted(found, key=lambda pair: (pair[0], pair[1].name))]

    def has(self, object_name: str) -> bool:
        """Tell whether the snapshot holds any file of an object."""
        return bool(self.files(object_name))

    def name_of(self, file: Path) -> str:
        """Name a file as quarantine does: relative to the raw folder."""
        return file.relative_to(self.raw).as_posix()


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    home = folder.resolve()
    return [file for file in folder.iterdir() if file.is_file() and file.resolve().is_relative_to(home)]


def query_lines(connection: duckdb.DuckDBPyConnection, file: Path, query: Callable[[str], str]) -> pl.DataFrame:
    """Run a query over the lines of a file; blank lines are no records but count as lines.

    Args:
        connection: of the reading.
        file: a JSONL file, plain or gzipped.
        query: makes the SQL from the SQL that yields ``line`` and ``text``.

    Raises:
        SchemaError: the file cannot be read, such as a damaged gzip.
    """
    try:
        rows: pl.DataFrame = connection.sql(query(_scan(file))).pl()
    except duckdb.Error:
        connection.register("plain_lines", _plain_lines(file).to_arrow())
        rows = connection.sql(query("select line, text from plain_lines")).pl()
    return rows


def run_on_lines(connection: duckdb.DuckDBPyConnection, file: Path, statement: Callable[[str], str]) -> None:
    """Run a statement without result over the lines of a file, as ``query_lines`` does."""
    try:
        connection.execute(statement(_scan(file)))
    except duckdb.Error:
        connection.register("plain_lines", _plain_lines(file).to_arrow())
        connection.execute(statement("select line, text from plain_lines"))


def _scan(file: Path) -> str:
    name = str(file).replace("'", "''")
    return (
        f"select row_number() over () as line, text from read_csv('{name}', columns={{'text': 'VARCHAR'}}, "  # noqa: S608
        "header=false, auto_detect=false, delim='\x01', quote='', escape='', "
        f"max_line_size={LONGEST_LINE}, buffer_size={2 * LONGEST_LINE}, compression='{_compression(file)}')"
    )


def _compression(file: Path) -> str:
    return "gzip" if file.suffix.lower() == ".gz" else "none"


def _plain_lines(file: Path) -> pl.DataFrame:
    """Read the few files DuckDB refuses: bytes that are no UTF-8, control characters, mixed line ends.

    Bytes that are no UTF-8 are written as a backslash escape, which is no JSON, so that their line is quarantined and
    shows them.
    """
    try:
        texts = list(_decoded(file))
    except (EOFError, OSError, zlib.error) as fault:
        message = f"The file {file.name} cannot be read ({fault}). Copy or pull it again."
        raise SchemaError(message) from fault
    return pl.DataFrame({"line": range(1, len(texts) + 1), "text": texts}, schema={"line": pl.Int64, "text": pl.String})


def _decoded(file: Path) -> Iterator[str]:
    with gzip.open(file, "rb") if _compression(file) == "gzip" else file.open("rb") as lines:
        for number, line in enumerate(lines):
            marked = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
            yield marked.decode(errors="backslashreplace").rstrip("\r\n")


def texts_of(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, wanted: pl.DataFrame) -> pl.DataFrame:
    """Read the text of chosen lines again.

    Args:
        connection: of the reading.
        snapshot: where the files lie.
        wanted: ``file`` (as ``Snapshot.name_of`` gives it) and ``line``.

    Returns:
        One row per chosen line: ``file``, ``line``, ``text``.
    """
    found = [pl.DataFrame(schema={"file": pl.String, "line": pl.Int64, "text": pl.String})]
    for (file,), lines in wanted.group_by("file"):
        connection.register("wanted_lines", lines.select("line").unique().to_arrow())
        chosen = query_lines(connection, snapshot.raw / str(file), _only_wanted)
        found.append(chosen.select(pl.lit(file).alias("file"), pl.col("line").cast(pl.Int64), "text"))
    return pl.concat(found)


def _only_wanted(lines: str) -> str:
    return f"select line, text from ({lines}) semi join wanted_lines using (line)"  # noqa: S608  (our own SQL)
