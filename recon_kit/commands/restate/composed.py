"""Composed: the snapshot between two others, in which the records of both stand as the newer one has them."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from recon_kit.artifacts import digest_bytes, digest_tree
from recon_kit.commands.restate.records import (
    BOOKS,
    DIGEST,
    LATE,
    LINE,
    RECORD_KEY,
    SOURCES,
    keyed_records,
    raw_objects,
)
from recon_kit.schemas.raw import STRIPE


def plain_copy(raw: Path, folder: Path) -> Path:
    """Copy what a snapshot says, without how it came (pulls, exports, from which it was translated)."""
    for source in SOURCES:
        if (raw / source).is_dir():
            shutil.copytree(raw / source, folder / source)
    return folder


def without_late(old: Path, new: Path, changes: pl.DataFrame, folder: Path) -> Path:
    """Write the snapshot that holds the records of the newer one, but only those that the older one has, too.

    Edited records are as the newer snapshot has them, and removed ones are gone; an object of which the older snapshot
    has no file has none here, and files of ledger and bank are those of the newer one.

    Args:
        old: the older ``raw/`` folder.
        new: the newer one.
        changes: what :func:`changed_records` returns for both.
        folder: a folder that does not exist yet.
    """
    before = raw_objects(old)
    for (source, name), files in raw_objects(new).items():
        mine = changes.filter(source=source, object=name)
        late = mine.filter(change=LATE)["key"]
        target = folder / source
        if source not in BOOKS and (source, name) not in before:
            continue
        target.mkdir(parents=True, exist_ok=True)
        if source in BOOKS or late.is_empty():
            _copy(files, target)
        elif late.len() == mine.height:
            _copy(before[source, name], target)
        else:
            for file in files:
                _write_without(file, source, name, late, target / file.name)
    return folder


def _copy(files: Iterable[Path], target: Path) -> None:
    for file in files:
        shutil.copyfile(file, target / file.name)


def _write_without(file: Path, source: str, name: str, late: pl.Series, target: Path) -> None:
    kept = (part.filter(~pl.col(RECORD_KEY).is_in(late.implode())) for part in keyed_records(file, source, name))
    if source != STRIPE:
        rows = pl.concat(kept).drop(RECORD_KEY, DIGEST)
        rows.write_csv(target, quote_style="always")
        return
    with gzip.open(target, "wb") if target.suffix == ".gz" else target.open("wb") as written:
        for part in kept:
            written.writelines(line.rstrip(b"\r\n") + b"\n" for line in part[LINE].to_list())


def digest_of(raw: Path) -> str:
    """Digest what a snapshot says: names and contents of its files, without how they came."""
    parts: Sequence[str] = [f"{source} {digest_tree(raw / source)}" for source in SOURCES if (raw / source).is_dir()]
    return digest_bytes("\n".join(parts).encode())
