"""Compare a table of a close with its re-performance and name the rows that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 5


def differing_rows(name: str, kept_file: Path, performed: pl.DataFrame) -> str:
    """Say in words which rows of a kept table are not what the re-performance gives.

    Args:
        name: the table.
        kept_file: its Parquet file in the close.
        performed: the re-performed table.

    Returns:
        One sentence with the number of rows, the first of them by key, and the columns that differ.
    """
    try:
        kept = pl.read_parquet(kept_file)
    except (pl.exceptions.PolarsError, OSError):
        return _unreadable(kept_file, performed)
    if kept.schema != performed.schema:
        return f"has other columns than the re-performed table: {_other_columns(kept, performed)}"
    key = TABLES[name].key if name in TABLES else []
    return _by_key(kept, performed, key) if key else _by_position(kept, performed)


def _by_key(kept: pl.DataFrame, performed: pl.DataFrame, key: list[str]) -> str:
    gone = performed.join(kept, on=key, how="anti", nulls_equal=True)
    added = kept.join(performed, on=key, how="anti", nulls_equal=True)
    both = kept.join(performed, on=key, how="inner", suffix=":again", nulls_equal=True, validate="1:1")
    columns = [column for column in kept.columns if column not in key]
    differs = {column: pl.col(column).ne_missing(pl.col(f"{column}:again")) for column in columns}
    changed = both.filter(pl.any_horizontal(*differs.values())) if differs else both.head(0)
    parts = [_part("lacks", gone, key), _part("adds", added, key), _part("changes", changed, key)]
    names = [name for name, test in differs.items() if changed.height and changed.select(test.any()).item()]
    said = "; ".join(part for part in parts if part)
    if not said:
        return f"holds the same rows (1 to {kept.height}) in another order or encoding"
    return said + (f" in {', '.join(names)}" if names else "")


def _part(verb: str, rows: pl.DataFrame, key: list[str]) -> str:
    if rows.is_empty():
        return ""
    shown = ", ".join(" / ".join(str(value) for value in row) for row in rows.select(key).head(SHOWN).iter_rows())
    more = f" and {rows.height - SHOWN} more" if rows.height > SHOWN else ""
    return f"{verb} {rows.height} row{'s' if rows.height > 1 else ''}: {shown}{more}"


def _by_position(kept: pl.DataFrame, performed: pl.DataFrame) -> str:
    if kept.height != performed.height:
        return f"has {kept.height} rows, re-performed {performed.height}"
    same = pl.any_horizontal(*[pl.col(name).ne_missing(performed[name]) for name in kept.columns])
    rows = kept.with_row_index("row", offset=1).filter(same)["row"].to_list()
    return f"changes {len(rows)} rows, at {', '.join(str(row) for row in rows[:SHOWN])}"


def _other_columns(kept: pl.DataFrame, performed: pl.DataFrame) -> str:
    differing = set(kept.schema.items()) ^ set(performed.schema.items())
    return ", ".join(sorted({name for name, _ in differing}))


def _unreadable(kept_file: Path, performed: pl.DataFrame) -> str:
    """Find the columns whose stored pages are damaged; their rows are all those of the table."""
    damaged = []
    for column in performed.columns:
        try:
            pl.read_parquet(kept_file, columns=[column])
        except (pl.exceptions.PolarsError, OSError):
            damaged.append(column)
    where = ", ".join(damaged) if 0 < len(damaged) < performed.width else "all columns"
    return f"cannot be read any more: rows 1 to {performed.height} of {where} are damaged"
