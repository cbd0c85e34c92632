"""Write a snapshot of Salesforce in the raw layout: one CSV file an object, as a Bulk job would give it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from recon_kit.artifacts import PARTIAL, PRIVATE_FOLDER
from recon_kit.extract.salesforce_api.cells import csv_lines
from recon_kit.schemas.raw import SALESFORCE

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.extract.pulling.snapshots import Snapshot


def write_raw(snapshot: Snapshot, folder: Path) -> list[Path]:
    """Write ``salesforce/<Object>.csv``, rows sorted by Id; an object the org does not have gets no file.

    Args:
        snapshot: complete or partial; it is not changed.
        folder: the raw folder.

    Returns:
        The files, by name. Equal snapshots give equal bytes.
    """
    home = folder / SALESFORCE
    home.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    written = []
    with snapshot.open(read_only=not snapshot.path.name.endswith(PARTIAL)) as store:
        for name, columns in sorted(store.fact("columns", {}).items()):
            target = home / f"{name}.csv"
            temporary = target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}")
            with temporary.open("w", encoding="utf-8", newline="") as file:
                file.writelines(csv_lines(columns, store.records(name)))
            written.append(temporary.replace(target))
    return written
