"""Translate exports into raw files, and count where each of their lines went."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.extract.exports.column_map import EXPORTS, Feed, MappedExport
from recon_kit.extract.exports.salesforce_records import salesforce_lines
from recon_kit.extract.exports.stripe_objects import stripe_lines
from recon_kit.extract.exports.values import Locale
from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon_kit.params import Params
    from recon_kit.policy import Policy


@dataclass(frozen=True)
class RawFile:
    """One raw file made from an export.

    Attributes:
        mapped: the export.
        feed: the object it holds.
        name: below ``raw/``, such as ``stripe/customers-001 customers.csv.jsonl``.
        content: its bytes; line numbers are those of the export.
        rows: lines that hold a record, sound or not.
        merged: rows of the export that became an item of another row's subscription.
        left_out: rows of the export that give none of this object.
        texts: the records it holds, without those that are malformed.
    """

    mapped: MappedExport
    feed: Feed
    name: str
    content: bytes
    rows: int
    merged: int
    left_out: int
    texts: pl.Series


def raw_files(exports: list[MappedExport], params: Params, policy: Policy) -> Iterator[RawFile]:
    """Make the raw files of all exports, one per export and object.

    Files of one object are numbered in the order of the exports' names, so that of two exports the one with the later
    name is the newer. A record with other fields than the header is written, once, as a line that no reader accepts.
    """
    for number, mapped in enumerate(exports, start=1):
        for place, feed in enumerate(mapped.feeds):
            yield _raw_file(mapped, feed, number, is_first=place == 0, params=params, policy=policy)


def kept_as(mapped: MappedExport) -> str:
    """Name the copy of an export below ``raw/``."""
    return f"{EXPORTS}/{PurePosixPath(mapped.export.name.replace(chr(92), '/'))}"


def _raw_file(
    mapped: MappedExport, feed: Feed, number: int, *, is_first: bool, params: Params, policy: Policy
) -> RawFile:
    export = mapped.export
    header, sound, given = _translated(mapped, feed, params, policy)
    lines = pl.concat([sound, _broken(export.malformed, header, feed)]) if is_first else sound
    return RawFile(
        mapped=mapped,
        feed=feed,
        name=_name(feed, export.name, number),
        content=_content(lines, header, export.header_line),
        rows=lines.height,
        merged=given - sound.height,
        left_out=export.records.height - given,
        texts=sound["text"],
    )


def _translated(mapped: MappedExport, feed: Feed, params: Params, policy: Policy) -> tuple[str, pl.DataFrame, int]:
    """Write the records: (header line, empty for JSON lines; ``line`` and ``text``; rows that give the object)."""
    settings, records = mapped.settings, mapped.export.records
    locale = Locale(settings.decimal, settings.dates, settings.timezone, settings.amounts == "minor")
    if feed.source == STRIPE:
        return "", *stripe_lines(records, feed, locale)
    overrides = {str(part): keys for part, keys in params.fields.items()}
    header, lines = salesforce_lines(
        records, feed, locale, overrides=overrides, reporting_currency=policy.reporting_currency
    )
    return header, lines, lines.height


def _broken(malformed: pl.DataFrame, header: str, feed: Feed) -> pl.DataFrame:
    """Write records with other fields than the header as lines that the reader of the raw file quarantines."""
    flat = pl.col("raw").str.replace_all(r"[\r\n]+", " ")
    if feed.source == STRIPE:
        return malformed.select(line="#line", text=flat)
    cell = pl.lit('"') + flat.str.replace_all('"', '""', literal=True) + pl.lit('"')
    other_count = cell if '","' in header else cell + pl.lit(',""')
    return malformed.select(line="#line", text=other_count)


def _name(feed: Feed, export_name: str, number: int) -> str:
    shown = re.sub(r"[/\\:]+", " ", export_name)
    is_csv = feed.source == SALESFORCE and shown.lower().endswith(".csv")
    ending = "" if is_csv else {STRIPE: ".jsonl", SALESFORCE: ".csv"}[feed.source]
    return f"{feed.source}/{feed.object_name}-{number:03} {shown}{ending}"


def _content(lines: pl.DataFrame, header: str, header_line: int) -> bytes:
    """Put every record on the line it came from; what lies between stays blank."""
    first = pl.DataFrame({"line": [header_line], "text": [header]}, schema=lines.schema)
    written = pl.concat([first, lines]) if header else lines
    count = int(written["line"].max() or 0)  # type: ignore[arg-type]
    every = pl.DataFrame({"line": pl.int_range(1, count + 1, eager=True, dtype=pl.Int64)})
    placed = every.join(written, on="line", how="left", validate="1:1", maintain_order="left")
    return "".join(f"{text}\n" for text in placed["text"].fill_null("").to_list()).encode()
