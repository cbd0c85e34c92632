"""Records of one Stripe object over all its files, and the elements of a list inside them, parsed and typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb
import polars as pl

from recon_kit.normalise.stripe.files import Snapshot, connect, over_lines, texts_of
from recon_kit.normalise.stripe.paths import Shape, parsed, records_in, union
from recon_kit.normalise.stripe.values import typed, typed_schema
from recon_kit.policy import Policy

Columns = dict[str, type[pl.DataType] | pl.DataType]

PLACE: Columns = {"file": pl.String, "line": pl.Int64}
"""Where a record stands; together they name one record."""
_RECORD: Columns = {
    "line": pl.Int64,
    "digest": pl.UInt64,
    "is_object": pl.Boolean,
    "keys": pl.UInt64,
    "listed": pl.UInt32,
    "file": pl.String,
    "file_no": pl.Int32,
}
_ELEMENT: Columns = {"line": pl.Int64, "position": pl.Int64, "file": pl.String}


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
        ``is_object``, ``digest`` of its bytes, and the shape's fields as ``typed`` leaves them.
    """
    return _read(pull, object_name, shape, None)[0]


def records_and_elements(pull: Pull, object_name: str, shape: Shape, inner: Shape) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read every record of an object and the elements of a list inside them, parsing each line once.

    Returns:
        (records as ``records_of``, and ``listed``: how many elements each has; one row per element: ``file``, ``line``
        of its record, ``position`` from 1, and the fields of ``inner``, typed).
    """
    return _read(pull, object_name, shape, inner)


def _read(pull: Pull, object_name: str, shape: Shape, inner: Shape | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read batch by batch: each becomes compact at once, so that memory follows what is kept, not what is read."""
    spec = union(shape.spec, inner.spec) if inner else shape.spec

    def both(batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        lines = records_in(batch)
        elements = _compact(typed(inner.of(lines), inner)) if inner else pl.DataFrame()
        told = lines.with_columns(listed=inner.length() if inner else None)
        return _compact(typed(shape.of(told), shape)), elements

    records, elements = [], []
    for number, file in enumerate(pull.snapshot.files(object_name)):
        place = (
            pl.lit(pull.snapshot.name_of(file)).alias("file"),
            pl.lit(number, dtype=pl.Int32).alias("file_no"),
        )
        for of_batch, inside in over_lines(pull.connection, file, lambda lines: parsed(lines, spec), both):
            records.append(of_batch.with_columns(place))
            elements.append(inside.with_columns(place[0]) if inner else inside)
    together = _judge_keys(pull, _together(records, _RECORD, shape)).drop("keys")
    return together, _together(elements, _ELEMENT, inner) if inner else pl.DataFrame()


def _judge_keys(pull: Pull, records: pl.DataFrame) -> pl.DataFrame:
    """Refuse objects that name a key twice: readers of JSON differ in which of the two values they take.

    A company has few different lists of keys, so one record of each is looked at.
    """
    places = records.select("file", "line", "digest", "keys", "is_object").filter("is_object")
    samples = places.unique("keys", keep="first", maintain_order=True)
    found = texts_of(
        pull.connection, pull.snapshot, samples.select("file", "line", "digest"), sql=_REPEATS_A_KEY, first=True
    )
    named = samples.join(found.filter(pl.col("text") == "true"), on=["file", "line"], how="semi")
    refused = named["keys"].drop_nulls().to_list()
    return records.with_columns(is_object=pl.col("is_object") & ~pl.col("keys").is_in(refused)) if refused else records


_REPEATS_A_KEY = "(len(list_distinct(json_keys(text))) < len(json_keys(text)))::varchar"


def _compact(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep what has values, copied out of the batch so that the batch can go.

    Columns without any value come back in ``_together`` as constants, which take no room. In Arrow's older form a
    column's text is one buffer; the form DuckDB hands over holds on to many small ones.
    """
    kept = rows.select(column for column in rows if column.null_count() < rows.height)
    return pl.DataFrame(pl.from_arrow(kept.to_arrow(compat_level=pl.CompatLevel.oldest())))


def _together(batches: Iterable[pl.DataFrame], places: Columns, shape: Shape) -> pl.DataFrame:
    schema = pl.Schema({**places, **typed_schema(shape)})
    rows = pl.concat([pl.DataFrame(schema={"line": pl.Int64}), *batches], how="diagonal")
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in rows.columns]
    return rows.with_columns(absent).select(schema.names())


def unlisted(pull: Pull, records: pl.DataFrame, inner: Shape) -> pl.DataFrame:
    """Find records whose list is something else than a list, which would vanish without a word.

    Args:
        pull: the reading.
        records: from ``records_and_elements``.
        inner: the shape of the elements.

    Returns:
        One row per such record: ``file``, ``line``, ``unlisted`` (what stands there).
    """
    bare = records.filter(pl.col("is_object") & (pl.col("listed").fill_null(0) == 0)).select("file", "line", "digest")
    steps = (inner.each or "").split(".")
    places = ["$." + ".".join(steps[: depth + 1]) for depth in range(len(steps))]
    kinds = ", ".join(f"try(json_type(text, '{place}'))" for place in places)
    found = texts_of(pull.connection, pull.snapshot, bare, sql=f"concat_ws(' ', {kinds})")
    usual = [" ".join(["OBJECT"] * (len(steps) - 1) + [last]).strip() for last in ("ARRAY", "NULL", "")]
    strange = found.filter(~pl.col("text").is_in([*usual, "NULL", ""]))
    return strange.select("file", "line", unlisted=pl.format("{}: {}, no list", pl.lit(inner.each), "text"))


def attach(rows: pl.DataFrame, values: pl.DataFrame, *, on: str) -> pl.DataFrame:
    """Put values beside rows by a key, without copying the rows as a join would.

    Args:
        rows: any number of rows a key.
        values: one row a key.
        on: the key.

    Returns:
        The rows in their order, with the columns of ``values``, null where the key has none.
    """
    found = rows.select(on).join(values, on=on, how="left", validate="m:1", maintain_order="left")
    return rows.hstack(found.drop(on))


def with_changed_elements(pull: Pull, elements: pl.DataFrame, inner: Shape, patched: pl.DataFrame) -> pl.DataFrame:
    """Replace the elements of records whose text changed.

    Args:
        pull: the reading.
        elements: from ``records_and_elements``.
        inner: their shape.
        patched: ``file``, ``line``, ``text`` of the records that changed or were brought back.
    """
    if patched.is_empty():
        return elements
    places = patched.select("file", "line").with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    again = parse_texts(pull, patched["text"], inner).rename({"line": "row"}).join(places, on="row", validate="m:1")
    kept = elements.join(places, on=["file", "line"], how="anti")
    return pl.concat([kept, again.select(kept.columns)])


def parse_texts(pull: Pull, texts: pl.Series, shape: Shape) -> pl.DataFrame:
    """Parse JSON texts that stand in no file of their own.

    Returns:
        One row per text (or element), in their order: ``line`` is the number of the text from 1; fields as
        ``records_of``.
    """
    numbers = pl.int_range(1, texts.len() + 1, dtype=pl.Int64, eager=True).alias("line")
    given = pl.DataFrame([numbers, texts.cast(pl.String).alias("text")])
    pull.connection.register("given_texts", given.to_arrow())
    rows: pl.DataFrame = pull.connection.sql(parsed("from given_texts", shape.spec)).pl()
    lines = records_in(rows.with_columns(numbers)).drop("keys")
    return typed(shape.of(lines), shape)
