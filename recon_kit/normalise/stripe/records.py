"""Records of one Stripe object over all its files, and the elements of a list inside them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from recon_kit.normalise.stripe.files import Snapshot, query_lines, run_on_lines
from recon_kit.normalise.stripe.paths import MACROS, Shape, parsed, union
from recon_kit.policy import Policy

Columns = dict[str, type[pl.DataType] | pl.DataType]

PLACE: Columns = {"file": pl.String, "line": pl.Int64}
"""Where a record stands; together they name one record."""


def connect() -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory with the macros that shapes use."""
    connection = duckdb.connect()
    connection.execute(MACROS)
    return connection


@dataclass(frozen=True)
class Pull:
    """One reading of one snapshot of Stripe.

    Attributes:
        snapshot: where the files lie.
        policy: mode and time zone.
        as_of: the last day looked at.
        cutoff: its end; what lies at or after it has not happened.
        connection: DuckDB in memory.
    """

    snapshot: Snapshot
    policy: Policy
    as_of: dt.date
    cutoff: dt.datetime
    connection: duckdb.DuckDBPyConnection = field(default_factory=connect)

    @property
    def timezone(self) -> str:
        """The time zone that turns instants into dates."""
        return self.policy.timezone


def records_of(pull: Pull, object_name: str, shape: Shape) -> pl.DataFrame:
    """Read every record of an object.

    Returns:
        One row per record (non-blank line): ``file``, ``line``, ``file_no`` (newer files have larger ones),
        ``is_object``, ``digest`` of its bytes, and the shape's fields as text.
    """
    read = [_no_records(shape)]
    for number, file in enumerate(pull.snapshot.files(object_name)):
        rows = query_lines(pull.connection, file, shape.select)
        read.append(_placed(rows, pull, file, number))
    return pl.concat(read)


def records_and_elements(pull: Pull, object_name: str, shape: Shape, inner: Shape) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read every record of an object and the elements of a list inside them, parsing each line once.

    Returns:
        (records as ``records_of``; one row per element: ``file``, ``line`` of its record, ``position`` from 1, and the
        fields of ``inner`` as text).
    """
    spec = union(shape.spec, inner.spec)
    records, elements = [_no_records(shape)], [_no_elements(inner)]
    for number, file in enumerate(pull.snapshot.files(object_name)):
        run_on_lines(
            pull.connection, file, lambda lines: f"create or replace temp table parsed as {parsed(lines, spec)}"
        )
        records.append(_placed(pull.connection.sql(shape.pick("parsed")).pl(), pull, file, number))
        inside = pull.connection.sql(inner.pick("parsed")).pl()
        elements.append(inside.with_columns(pl.lit(pull.snapshot.name_of(file)).alias("file")))
        pull.connection.execute("drop table parsed")
    return pl.concat(records), pl.concat(elements)


def _placed(rows: pl.DataFrame, pull: Pull, file: Path, number: int) -> pl.DataFrame:
    name = pl.lit(pull.snapshot.name_of(file)).alias("file")
    return rows.with_columns(name, pl.lit(number, dtype=pl.Int32).alias("file_no"))


def with_changed_elements(pull: Pull, elements: pl.DataFrame, inner: Shape, patched: pl.DataFrame) -> pl.DataFrame:
    """Replace the elements of records whose text changed.

    Args:
        pull: the reading.
        elements: from ``records_and_elements``.
        inner: their shape.
        patched: ``file``, ``line``, ``text`` of the records that changed or were brought back.
    """
    places = patched.select("file", "line").with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    again = parse_texts(pull, patched["text"], inner).rename({"line": "row"}).join(places, on="row", validate="m:1")
    kept = elements.join(places, on=["file", "line"], how="anti") if places.height else elements
    return pl.concat([kept, again.select(kept.columns)])


def parse_texts(pull: Pull, texts: pl.Series, shape: Shape) -> pl.DataFrame:
    """Parse JSON texts that stand in no file of their own.

    Returns:
        One row per text (or element): ``line`` is the number of the text from 1; fields as ``records_of``.
    """
    lines = pl.DataFrame(
        {"line": range(1, texts.len() + 1), "text": texts}, schema={"line": pl.Int64, "text": pl.String}
    )
    pull.connection.register("given_texts", lines.to_arrow())
    rows: pl.DataFrame = pull.connection.sql(shape.select("select line, text from given_texts")).pl()
    return rows


def _no_records(shape: Shape) -> pl.DataFrame:
    of_line: Columns = {"line": pl.Int64, "digest": pl.UInt64, "is_object": pl.Boolean}
    return pl.DataFrame(schema=of_line | _texts(shape) | {"file": pl.String, "file_no": pl.Int32})


def _no_elements(inner: Shape) -> pl.DataFrame:
    of_element: Columns = {"line": pl.Int64, "position": pl.Int64}
    return pl.DataFrame(schema=of_element | _texts(inner) | {"file": pl.String})


def _texts(shape: Shape) -> Columns:
    texts: Columns = dict.fromkeys(shape.names, pl.String)
    return texts | {one.name: pl.List(pl.String) for one in shape.fields if one.sql is None and "[]" in one.paths[0]}
