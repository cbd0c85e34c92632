"""Write a snapshot of Stripe into the raw layout: one object a line, newest first."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

from recon_kit.artifacts import PARTIAL, PRIVATE_FOLDER
from recon_kit.extract.stripe_api.catalogue import INVOICE_LINES, LISTS, PAYOUT_ITEMS
from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recon_kit.extract.pulling.snapshots import Snapshot

_LEVEL = 3
"""Of gzip: three times as fast as its own default, for a tenth more bytes."""
_PORTION = 1 << 20


def write_raw(snapshot: Snapshot, folder: Path) -> list[Path]:
    """Write ``stripe/<object>.jsonl.gz`` for every object that was pulled; memory stays flat.

    Args:
        snapshot: complete or partial.
        folder: the raw folder.

    Returns:
        The files, sorted by name. Lines are sorted by ``created`` from the newest, then by id, so that equal snapshots
        give equal bytes. An object that could be asked for and has no records is an empty file; one that could not be
        asked for has none.
    """
    home = folder / STRIPE
    home.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    written = []
    with snapshot.open(read_only=not snapshot.path.name.endswith(PARTIAL)) as store:
        absent = store.fact("absent", {})
        for name in sorted([*(each.name for each in LISTS), INVOICE_LINES, PAYOUT_ITEMS]):
            if name not in absent:
                lines = (record.text for record in store.records(name, newest_first=True))
                written.append(_write_lines(home / f"{name}.jsonl.gz", lines))
    return written


def _write_lines(file: Path, lines: Iterable[str]) -> Path:
    temporary = file.with_name(f".{file.name}.{os.getpid()}{PARTIAL}")
    with temporary.open("wb") as target, gzip.GzipFile("", "wb", _LEVEL, target, mtime=0) as packed:
        portion: list[str] = []
        size = 0
        for line in lines:
            portion.append(line)
            size += len(line)
            if size >= _PORTION:
                packed.write(("\n".join(portion) + "\n").encode())
                portion, size = [], 0
        if portion:
            packed.write(("\n".join(portion) + "\n").encode())
    return temporary.replace(file)
