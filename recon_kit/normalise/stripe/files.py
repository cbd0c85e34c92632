"""Raw Stripe files: which hold an object, and their lines in DuckDB, one line a record, numbered from 1."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb
import polars as pl
import pyarrow as pa

from recon_kit.schemas.raw import STRIPE
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

USUAL_LINE = 2 * 1024 * 1024
"""Bytes of a line up to which DuckDB reads a file by itself; a file with a longer one is read line by line."""
BATCH_ROWS = 65_536
PORTION = 64 * 1024 * 1024
"""Rows and bytes that are looked at together."""
T = TypeVar("T")


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


def connect() -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory; text leaves it in the form Polars keeps it in, so that nothing is copied."""
    connection = duckdb.connect()
    connection.execute("set produce_arrow_string_view = true; set arrow_output_version = '1.4'")
    with contextlib.suppress(duckdb.InvalidInputException):  # refused where no bar can be drawn anyway
        connection.execute("set enable_progress_bar = false")
    connection.execute(f"set streaming_buffer_size = '{PORTION}B'")
    return connection


def over_lines(
    connection: duckdb.DuckDBPyConnection, file: Path, query: Callable[[str], str], take: Callable[[pl.DataFrame], T]
) -> list[T]:
    """Run a query over the lines of a file, batch by batch in their order.

    Args:
        connection: of the reading.
        file: a JSONL file, plain or gzipped.
        query: makes the SQL from the SQL that yields ``text``, one row a line, blank ones included.
        take: what to make of a batch; where the query keeps every row, ``line`` is its number from 1.

    Raises:
        SchemaError: the file cannot be read, such as a damaged gzip.
    """
    try:
        batches = connection.sql(query(_scan(file))).to_arrow_reader(BATCH_ROWS)
        return list(_taken(_ahead(_joined(batches)), take))
    except (duckdb.Error, pa.ArrowException, OSError):
        return list(_taken(_plain_batches(connection, file, query), take))


def _joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
    """Join the small batches that DuckDB gives: each of ours costs a little whatever its size."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= BATCH_ROWS // 2:
            yield _frame(waiting)
            waiting = []
    if waiting:
        yield _frame(waiting)


def _ahead(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Let DuckDB read the next batch while the one before is being looked at."""
    with ThreadPoolExecutor(1) as reading:
        coming = reading.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reading.submit(next, batches, None)
            yield batch


def _frame(batches: list[pa.RecordBatch]) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches)))


def _taken(batches: Iterable[pl.DataFrame], take: Callable[[pl.DataFrame], T]) -> Iterator[T]:
    seen = 0
    for batch in batches:
        yield take(batch.with_columns(line=pl.int_range(seen + 1, seen + batch.height + 1, dtype=pl.Int64)))
        seen += batch.height


def _scan(file: Path) -> str:
    compression = "gzip" if is_gzip(file) else "none"
    name = re.sub(r"([*?\[])", r"[\1]", str(file)).replace("'", "''")
    return (
        f"select text from read_csv('{name}', columns={{'text': 'VARCHAR'}}, "  # noqa: S608
        "header=false, auto_detect=false, delim='\x01\x02\x03\x04', quote='', escape='', "
        f"max_line_size={USUAL_LINE}, buffer_size={16 * USUAL_LINE}, compression='{compression}')"
    )


def is_gzip(file: Path) -> bool:
    """Tell by the first bytes, for files are renamed."""
    with file.open("rb") as content:
        return content.read(2) == b"\x1f\x8b"


def _plain_batches(
    connection: duckdb.DuckDBPyConnection, file: Path, query: Callable[[str], str]
) -> Iterator[pl.DataFrame]:
    """Read the few files DuckDB refuses: bytes that are no UTF-8, control characters, mixed line ends, huge lines.

    Bytes that are no UTF-8 are written as a backslash escape, which is no JSON, so that their line is quarantined and
    shows them.
    """
    try:
        for texts in _in_portions(_decoded(file)):
            connection.register("plain_lines", pl.DataFrame({"text": texts}, schema={"text": pl.String}).to_arrow())
            yield connection.sql(query("from plain_lines")).pl()
    except (EOFError, OSError, zlib.error) as fault:
        message = f"The file {file.name} cannot be read ({fault}). Copy or pull it again."
        raise SchemaError(message) from fault


def _in_portions(lines: Iterator[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for line in lines:
        portion.append(line)
        size += len(line)
        if size > PORTION or len(portion) >= BATCH_ROWS:
            yield portion
            portion, size = [], 0
    yield portion


def _decoded(file: Path) -> Iterator[str]:
    """Decode line by line; lines end with a line feed, or all of them with a carriage return alone."""
    with gzip.open(file, "rb") if is_gzip(file) else file.open("rb") as lines:
        first = lines.readline()
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            message = f"The file {file.name} is UTF-16. Save it as UTF-8, or pull it again without redirecting output."
            raise SchemaError(message)
        rest: Iterable[bytes] = lines
        if not first.endswith(b"\n"):
            first, *rest = first.split(b"\r")
        for line in itertools.chain([first.removeprefix(b"\xef\xbb\xbf")], rest):
            yield line.decode(errors="backslashreplace").rstrip("\r\n")


def texts_of(
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    wanted: pl.DataFrame,
    *,
    sql: str = "text",
    first: bool = False,
) -> pl.DataFrame:
    """Read the text of chosen lines again.

    Args:
        connection: of the reading.
        snapshot: where the files lie.
        wanted: ``file`` (as ``Snapshot.name_of`` gives it), ``line`` and ``digest`` of its bytes, which finds it again.
        sql: what to take of ``text``.
        first: each line stands early in its file, so that reading on is not worth while once all are found.

    Returns:
        One row per chosen line: ``file``, ``line``, ``text``.
    """
    found = [pl.DataFrame(schema={"file": pl.String, "line": pl.Int64, "text": pl.String})]
    for (file,), lines in wanted.group_by("file", maintain_order=True):
        path, count = snapshot.raw / str(file), lines["digest"].n_unique()
        connection.register("wanted_lines", lines.select("digest").unique().to_arrow())
        texts = _distinct(connection, path, _wanted(sql, count)) if first else _NO_TEXTS
        if texts.height < count:  # also where a line that repeats used up the limit
            texts = _distinct(connection, path, _wanted(sql, None))
        found.append(lines.join(texts, on="digest", validate="m:1").select("file", "line", "text"))
    return pl.concat(found)


def _distinct(connection: duckdb.DuckDBPyConnection, file: Path, query: Callable[[str], str]) -> pl.DataFrame:
    chosen = over_lines(connection, file, query, pl.DataFrame.clone)
    return pl.concat([_NO_TEXTS, *(each.select("digest", "text") for each in chosen)]).unique("digest", keep="any")


_NO_TEXTS = pl.DataFrame(schema={"digest": pl.UInt64, "text": pl.String})


def _wanted(sql: str, limit: int | None) -> Callable[[str], str]:
    """Make SQL that takes the wanted lines, all of them or the first few."""
    end = "" if limit is None else f"limit {limit}"
    found = "(select hash(text) as digest, text from ({lines})) semi join wanted_lines using (digest)"
    return lambda lines: f"select digest, {sql} as text from {found.format(lines=lines)} {end}"  # noqa: S608  (our own SQL)
