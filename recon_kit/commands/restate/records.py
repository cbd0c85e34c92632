"""Records: which raw records two snapshots share, which were edited or removed, and which only the newer one has."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from recon_kit.artifacts import digest_file
from recon_kit.csv_text import read_csv_text
from recon_kit.extract.raw_files import layout_files
from recon_kit.field_map import columns_named
from recon_kit.salesforce_id import long_id
from recon_kit.schemas.raw import OBJECTS, SALESFORCE, STRIPE

RECORD_KEY, DIGEST, LINE, TEXT = "#key", "#digest", "#line", "#text"
"""What is added to a record; the mark keeps it apart from the columns of the source."""
EDITED, REMOVED, LATE = "edited", "removed", "late"
FX, BOOKS = "fx", ("ledger", "bank")
SOURCES = (STRIPE, SALESFORCE, FX, *BOOKS)
"""What the folder ``raw/`` holds of each source; how it came (``pull``, ``exports``) is no record."""
_SINGLE = "balance"
"""The one Stripe object that there is once and that has no id."""
_PORTION = 64 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_SEPARATOR = "\x1f"
Files = dict[tuple[str, str], list[Path]]

SCHEMA = {"source": pl.String(), "object": pl.String(), "key": pl.String(), "change": pl.String()}


def raw_objects(raw: Path) -> Files:
    """List the files of a snapshot by (source, object); ledger and bank files each count as an object of their own."""
    found: Files = {}
    for source in SOURCES:
        for file, name in _files_of(raw / source, source):
            found.setdefault((source, name), []).append(file)
    return found


def _files_of(folder: Path, source: str) -> Iterator[tuple[Path, str]]:
    if source in OBJECTS:
        yield from layout_files(folder, source)[0].items()
        return
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        yield file, file.stem if source == FX else file.name


def changed_records(old: Path, new: Path) -> pl.DataFrame:
    """Compare two snapshots record by record.

    Stripe objects are compared by ``id``, Salesforce rows by ``Id`` (15 or 18 characters), exchange rates by day. What
    has no id of its own is known by its whole content. Ledger and bank files are compared as a whole.

    Args:
        old: a ``raw/`` folder.
        new: another one.

    Returns:
        One row per (source, object, key) that differs, sorted: ``change`` is ``edited`` (in both), ``removed`` (only
        in the old one) or ``late`` (only in the new one). A ledger or bank file that only one has counts as edited.
    """
    before, after = raw_objects(old), raw_objects(new)
    found = [pl.DataFrame(schema=SCHEMA)]
    for source, name in sorted(before.keys() | after.keys()):
        files = before.get((source, name), []), after.get((source, name), [])
        if _digests(files[0]) == _digests(files[1]):
            continue
        if source in BOOKS:
            found.append(pl.DataFrame([(source, name, name, EDITED)], schema=SCHEMA, orient="row"))
        else:
            found.append(_compared(source, name, *files))
    return pl.concat(found).sort("source", "object", "key")


def _digests(files: Sequence[Path]) -> dict[str, str]:
    return {file.name: digest_file(file) for file in files}


def _compared(source: str, name: str, old: Sequence[Path], new: Sequence[Path]) -> pl.DataFrame:
    before, after = _contents(source, name, old), _contents(source, name, new)
    both = before.join(after, on="key", how="full", suffix=":new", coalesce=True, validate="1:1")
    change = (
        pl.when(pl.col("digests").is_null())
        .then(pl.lit(LATE))
        .when(pl.col("digests:new").is_null())
        .then(pl.lit(REMOVED))
        .when(pl.col("digests") != pl.col("digests:new"))
        .then(pl.lit(EDITED))
    )
    named = both.select(source=pl.lit(source), object=pl.lit(name), key="key", change=change)
    return named.filter(pl.col("change").is_not_null())


def _contents(source: str, name: str, files: Sequence[Path]) -> pl.DataFrame:
    """Digest an object's records: one row per key with the digests of all its versions."""
    known = [
        portion.select(key=RECORD_KEY, digest=DIGEST) for file in files for portion in keyed_records(file, source, name)
    ]
    empty = pl.DataFrame(schema={"key": pl.String, "digest": pl.UInt64})
    return pl.concat([empty, *known]).group_by("key").agg(digests=pl.col("digest").unique().sort())


def keyed_records(file: Path, source: str, name: str) -> Iterator[pl.DataFrame]:
    """Read a file's records in portions, each with its ``#key`` and the ``#digest`` of its content.

    Returns:
        One row per record in the file's order. Of Stripe besides ``#line``, its bytes, and ``#text``; of the others the
        file's columns.
    """
    if source == STRIPE:
        yield from _keyed_lines(file, name)
        return
    text = read_csv_text(file)
    columns = [column for column in text.header if column in text.records.columns]
    rows = text.records.select(columns)
    digest = _row_digest(columns)
    identity = columns_named(["Date"] if source == FX else ["Id"], columns, name)[:1]
    key = long_id(pl.col(identity[0])).replace("", None) if identity else pl.lit(None, dtype=pl.String)
    own = pl.coalesce(key, pl.format("row {}", digest)).alias(RECORD_KEY)
    yield rows.with_columns(own, digest.alias(DIGEST))


def _row_digest(columns: Sequence[str]) -> pl.Expr:
    """Digest what a row says, whatever the order of its columns; an empty cell says nothing."""
    cells = [
        pl.when(pl.col(name).fill_null("") != "").then(pl.concat_str(pl.lit(f"{name.lower()}="), pl.col(name)))
        for name in sorted(columns, key=str.lower)
    ]
    return pl.concat_str(cells, separator=_SEPARATOR, ignore_nulls=True).hash() if cells else pl.lit(0, pl.UInt64)


def _keyed_lines(file: Path, name: str) -> Iterator[pl.DataFrame]:
    for lines in _portions(file):
        # Bytes that are no UTF-8 stay told apart, and the line keeps its own bytes beside its text.
        texts = b"".join(lines).decode("utf-8", errors="backslashreplace").split("\n")[: len(lines)]
        columns = {LINE: pl.Series(lines, dtype=pl.Binary), TEXT: pl.Series(texts, dtype=pl.String)}
        read = pl.DataFrame(columns).with_columns(pl.col(TEXT).str.strip_chars("\ufeff \t\r"))
        told = pl.lit(name) if name == _SINGLE else pl.col(TEXT).str.json_path_match("$.id")
        digest = pl.col(TEXT).hash()
        key = pl.coalesce(told, pl.format("line {}", digest))
        yield read.filter(pl.col(TEXT) != "").with_columns(key.alias(RECORD_KEY), digest.alias(DIGEST))


def _portions(file: Path) -> Iterator[list[bytes]]:
    with file.open("rb") as opened:
        is_packed = opened.read(len(_GZIP)) == _GZIP
    with gzip.open(file) if is_packed else file.open("rb") as lines:
        while portion := lines.readlines(_PORTION):
            yield portion
