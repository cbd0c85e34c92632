"""Fields of Stripe objects that no API version from 2018 to 2026 documents: ignored, and noted.

``known_fields.json`` beside this module lists what is documented, object by object: the fields that the fixtures of ten
API dates show and the fields the ``stripe`` library (16.1) declares.
"""

from __future__ import annotations

import gzip
import json
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from recon_kit.normalise.stripe.files import Snapshot, is_gzip
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import STRIPE, STRIPE_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN_FIELDS = Path(__file__).with_name("known_fields.json")
SUBJECT = "unknown field"
SAMPLE_LINES = 1_000
"""Lines at the head of each file that are looked at."""
_SAMPLE_BYTES = 4 * 1024 * 1024


def unknown_field_notes(raw: Path) -> pl.DataFrame:
    """Note the top-level fields that nobody documents, from the head of every file.

    Args:
        raw: the folder that holds ``stripe/``.

    Returns:
        One row per (object, field), sorted, with the columns of ``notes``: ``records`` counts the records looked at
        that have the field. Lines that are no JSON objects are passed over; quarantine lists them.
    """
    snapshot = Snapshot(raw)
    with duckdb.connect() as connection:
        found = [_of_object(connection, snapshot, described.name) for described in STRIPE_OBJECTS]
    return pl.concat([TABLES["notes"].empty(), *found])


def _of_object(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, object_name: str) -> pl.DataFrame:
    texts = [text for file in snapshot.files(object_name) for text in _head(file)]
    connection.register("head", pl.DataFrame({"text": texts}, schema={"text": pl.String}).to_arrow())
    counted: pl.DataFrame = connection.sql(
        "select name, count(*) as records from (select unnest(list_distinct(try(json_keys(text)))) as name from head) "
        "group by name order by name"
    ).pl()
    unknown = counted.filter(~pl.col("name").is_in(known_fields()[object_name]))
    message = pl.format(
        "No API version documents the field {}, so it is ignored. It stands in {} of the records looked at, the first "
        f"{SAMPLE_LINES:,} lines of each file.",
        pl.col("name").str.head(100),
        "records",
    )
    return unknown.select(
        source=pl.lit(STRIPE),
        object=pl.lit(object_name),
        subject=pl.lit(SUBJECT),
        message=message,
        records=pl.col("records").cast(pl.Int64),
    )


def _head(file: Path) -> Iterator[str]:
    """Read the first lines of a file that are whole; a damaged gzip has none, the reader names it."""
    try:
        with gzip.open(file, "rb") if is_gzip(file) else file.open("rb") as content:
            start = content.read(_SAMPLE_BYTES)
            is_whole = len(start) < _SAMPLE_BYTES
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return
    lines = start.splitlines()
    for line in lines[: SAMPLE_LINES if is_whole else min(SAMPLE_LINES, len(lines) - 1)]:
        yield line.decode(errors="backslashreplace").removeprefix("\ufeff")


@cache
def known_fields() -> dict[str, list[str]]:
    """Read the documented top-level fields by object."""
    known: dict[str, list[str]] = json.loads(KNOWN_FIELDS.read_text(encoding="utf-8"))
    return known
