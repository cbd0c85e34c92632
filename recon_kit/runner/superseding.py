"""Superseding: what a re-run of a signed close says of the signed one: who signed it, and which rows differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from recon_kit.artifacts import MANIFEST, SIGNATURE, CloseFolder
from recon_kit.runner.signature import (
    UnreadableSignature,
    changed_since_signed,
    faults_of_signature,
    files_listed,
    read_signature,
)
from recon_kit.schemas import TABLES
from recon_kit.tables import count

FIRST = ("gaps", "links", "bridge", "history", "gap_components")
"""Tables whose rows are told first; the others follow by name."""
_IDENTITY = {"bridge": ["family", "component", "label"], "history": ["measure", "category", "currency"]}
"""What names a row where the key is a place or a day of the close."""
_LISTED = 10
_SCHEMA = {name: pl.String() for name in ("table", "change", "row", "columns", "before", "now")}


@dataclass(frozen=True)
class Superseded:
    """What the index page of a re-run says of the signed close: paragraphs, and the rows that differ."""

    told: tuple[str, ...] = ()
    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))


def signed_before(place: Path) -> Path | None:
    """Return the signed close that a close in this place stands beside; none when nothing is superseded."""
    revision = re.fullmatch(r"(.+)\.r(\d+)", place.name)
    if revision is None:
        return None
    number = int(revision[2]) - 1
    before = place.with_name(revision[1] if number == 1 else f"{revision[1]}.r{number}")
    return before if (before / SIGNATURE).is_file() else None


def superseded(signed: Path, again: CloseFolder) -> Superseded:
    """Compare a re-run with the signed close it stands beside; the signed folder is only read.

    Args:
        signed: the signed close.
        again: the re-run, its manifest and tables written.

    Returns:
        Who signed what, whether that signature is void for its own folder, which files of ``raw/`` and ``inputs/``
        differ, and the rows that differ, those of gaps, links, bridge and history first.
    """
    rows = differing_rows(CloseFolder(signed), again)
    before, now = (files_listed(folder / MANIFEST) for folder in (signed, again.path))
    files = sorted(
        name
        for name in (before.keys() | now.keys() if before else ())
        if not name.startswith("tables/") and before.get(name, {}).get("sha256") != now.get(name, {}).get("sha256")
    )
    return Superseded((_signed_by(signed), _void_told(signed), _changed_told(files, rows)), rows)


def _signed_by(signed: Path) -> str:
    try:
        signature = read_signature(signed)
    except UnreadableSignature as fault:
        return f"This close supersedes {signed.name}; {fault}, so it does not say who signed it."
    by = signature.said if signature else "nobody"
    return f"This close supersedes {signed.name}, signed by {by}. That signature is void for the figures below."


def _void_told(signed: Path) -> str:
    untouched = f"The folder {signed.name} itself is kept as it was signed."
    try:
        signature = read_signature(signed)
        faults = [*faults_of_signature(signed, signature)] if signature else []
    except UnreadableSignature as fault:
        faults = [str(fault)]
    faults += [f"{name} was changed" for name in changed_since_signed(signed)]
    if not faults:
        return untouched
    return f"The signature of {signed.name} is void for its own folder as well: {_list_of(faults)}."


def _changed_told(files: list[str], rows: pl.DataFrame) -> str:
    if not files and rows.is_empty():
        return "Nothing differs from it: the same inputs gave the same figures."
    source = f"Other inputs: {_list_of(files)}. " if files else "The inputs are the same; code or settings differ. "
    by_table = rows.group_by("table", maintain_order=True).agg(pl.len()).rows()
    told = ", ".join(f"{name} ({count(number, 'row')})" for name, number in by_table)
    return source + (f"Tables that differ: {told}." if told else "No table differs.")


def _list_of(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def differing_rows(before: CloseFolder, now: CloseFolder) -> pl.DataFrame:
    """Find the rows in which two closes differ.

    Args:
        before: one close.
        now: the other.

    Returns:
        One row per row of a table that is ``gone``, ``new`` or ``changed``, tables in the order of their weight:
        ``table``, ``change``, ``row`` (its key), ``columns`` that differ, their values ``before`` and ``now``.
    """
    present = {path.stem for close in (before, now) for path in close.tables.glob("*.parquet")}
    order = [*(name for name in FIRST if name in present), *sorted(present - set(FIRST))]
    parts = [part for name in order for part in _differing(name, before, now)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_SCHEMA)


def _differing(name: str, before: CloseFolder, now: CloseFolder) -> Iterator[pl.DataFrame]:
    files = [close.tables / f"{name}.parquet" for close in (before, now)]
    if not all(file.is_file() for file in files):
        yield _whole(name, "gone" if files[0].is_file() else "new", "the whole table")
        return
    if files[0].read_bytes() == files[1].read_bytes():
        return
    try:
        old, new = (pl.read_parquet(file) for file in files)
    except (pl.exceptions.PolarsError, OSError):
        yield _whole(name, "changed", "the signed table cannot be read any more")
        return
    if old.schema != new.schema:
        yield _whole(name, "changed", "the table has other columns now")
        return
    if name in TABLES and TABLES[name].key:
        old, new = _unlike(old, new), _unlike(new, old)
    yield _by_row(name, _as_text(old, name), _as_text(new, name))


def _unlike(rows: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows that the other table does not hold as they are, so that only they become text."""
    return rows.filter(~rows.hash_rows().is_in(other.hash_rows().implode()))


def _whole(name: str, change: str, row: str) -> pl.DataFrame:
    return pl.DataFrame([{"table": name, "change": change, "row": row}], schema=_SCHEMA)


_KEY = "row:key"
_CELLS = {name: pl.String() for name in ("row", "columns", "before", "now")}


def _as_text(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Write every cell as text, beside what names the row; a repeated name is numbered."""
    text = frame.select(
        pl.col(column).cast(pl.List(pl.String)).list.join(", ") if isinstance(kind, pl.List) else pl.col(column)
        for column, kind in frame.schema.items()
    ).cast(pl.String)
    key = _IDENTITY.get(name) or (TABLES[name].key if name in TABLES else []) or text.columns
    named = text.with_columns(pl.concat_str(key, separator=" / ", ignore_nulls=True).alias(_KEY))
    number = pl.int_range(pl.len()).over(_KEY)
    numbered = pl.when(number > 0).then(pl.format("{} ({})", _KEY, number + 1)).otherwise(_KEY)
    return named.with_columns(numbered.alias(_KEY)).select(_KEY, *[one for one in text.columns if one not in key])


def _by_row(name: str, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Tell rows of one table: cells that differ stand together by row."""
    gone = old.join(new, on=_KEY, how="anti").select(row=_KEY, change=pl.lit("gone"))
    added = new.join(old, on=_KEY, how="anti").select(row=_KEY, change=pl.lit("new"))
    both = old.join(new, on=_KEY, how="inner", suffix=":now", validate="1:1")
    cells = [
        both.filter(pl.col(column).ne_missing(pl.col(f"{column}:now"))).select(
            row=_KEY, columns=pl.lit(column), before=_said(column, column), now=_said(column, f"{column}:now")
        )
        for column in old.columns
        if column != _KEY
    ]
    told = pl.concat([pl.DataFrame(schema=_CELLS), *cells])
    joined = pl.col("columns", "before", "now").str.join("; ")
    changed = told.group_by("row").agg(joined).with_columns(change=pl.lit("changed"))
    rows = pl.concat([gone, added, changed], how="diagonal").with_columns(table=pl.lit(name))
    empty = pl.DataFrame(schema=_SCHEMA)
    return pl.concat([empty, rows], how="diagonal").select(list(_SCHEMA)).sort("change", "row")


def _said(column: str, source: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{column}: "), pl.col(source).fill_null("none"))
