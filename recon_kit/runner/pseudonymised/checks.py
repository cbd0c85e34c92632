"""Checks of a pseudonymised pack: nobody can be found in it by name, and its figures are those of the close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import polars.selectors as cs

from recon_kit.artifacts import CloseFolder


class NotPseudonymous(RuntimeError):  # noqa: N818  (what is wrong with the pack)
    """A pack would tell who somebody is, or its figures are not those of the close."""


def require_nobody_told(pack: Path, telling: Mapping[str, str]) -> None:
    """Search every file of the pack for every value by which somebody could be found.

    Args:
        pack: the folder.
        telling: values and the column each stands in.

    Raises:
        NotPseudonymous: names files and columns, never the value.
    """
    values = list(telling)
    if not values:
        return
    found: set[str] = set()
    for name, texts in _texts(pack):
        hits = texts.str.extract_many(values).explode().drop_nulls().unique().sort()
        found |= {f"{name} (a value of {telling[value]})" for value in hits.to_list()}
    if found:
        raise NotPseudonymous(
            f"The pack was not made: {len(found)} place(s) in it would still tell who somebody is: "
            f"{', '.join(sorted(found)[:5])}."
        )


def _texts(pack: Path) -> Iterator[tuple[str, pl.Series]]:
    for file in sorted(path for path in pack.rglob("*") if path.is_file()):
        name = file.relative_to(pack).as_posix()
        if file.suffix != ".parquet":
            yield name, pl.Series([file.read_text(encoding="utf-8", errors="replace")])
            continue
        rows = pl.read_parquet(file)
        lists = [pl.col(one).list.join("\n") for one, kind in rows.schema.items() if kind == pl.List(pl.String)]
        cells = rows.select(cs.string(), *lists)
        for column in cells.columns:
            yield f"{name}, {column}", cells[column].drop_nulls()


def require_same_figures(close: CloseFolder, pack: CloseFolder) -> None:
    """Compare every amount, count, date, flag and id of a pack's tables with those of the close.

    Raises:
        NotPseudonymous: names the tables that differ.
    """
    names = [file.stem for file in sorted(pack.tables.glob("*.parquet"))]
    differing = [name for name in names if not _figures(close, name).equals(_figures(pack, name))]
    if differing:
        raise NotPseudonymous(
            f"The pack was not made: its figures are not those of the close in {', '.join(differing)}."
        )


def _figures(close: CloseFolder, name: str) -> pl.DataFrame:
    file = close.tables / f"{name}.parquet"
    if not file.is_file():
        return pl.DataFrame()
    return pl.read_parquet(file).select(
        cs.numeric() | cs.temporal() | cs.boolean() | cs.matches(r"(^|_)ids?$|^(family|cause|state|status|currency)$")
    )
