"""Contents: the sheets of a close's review, and the hidden one that says which close it is of."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recon_kit import workbook
from recon_kit.artifacts import MANIFEST, CloseFolder, digest_bytes, digest_file
from recon_kit.commands.review.events_queue import events_queue
from recon_kit.commands.review.gaps_queue import gaps_queue
from recon_kit.commands.review.links_queue import links_queue
from recon_kit.commands.review.queue import Queue
from recon_kit.runner.manifest import read_json
from recon_kit.workbook import Cell, Column, Sheet

LAYOUT = "1"
"""Raised when the columns of a review change: an older workbook is then exported anew, never half understood."""
MARKS = "close"
"""Name of the hidden sheet."""
OF_WORKBOOK = "workbook"
README = "Read me"
ID, EVIDENCE = "id", "evidence"
_MARK_COLUMNS = tuple(Column(name, name) for name in ("sheet", "id", "evidence", "row"))


@dataclass(frozen=True)
class ReviewedClose:
    """A finished close as a review sees it."""

    folder: CloseFolder
    as_of: str
    currency: str
    manifest: str

    @property
    def queues(self) -> list[Queue]:
        """What waits for a person, in the order of the sheets."""
        return [links_queue(self.folder, self.currency), gaps_queue(self.folder), events_queue(self.folder)]


def reviewed(folder: CloseFolder) -> ReviewedClose:
    """Take what a review needs to know of a close whose manifest is written."""
    manifest = read_json(folder.path / MANIFEST)
    currency = manifest["policy"]["reporting_currency"]
    return ReviewedClose(folder, manifest["as_of"], currency, digest_file(folder.path / MANIFEST))


def review_bytes(close: ReviewedClose, place: Path) -> bytes:
    """Write the review of a close.

    Args:
        close: the close.
        place: the folder where the workbook will lie, for the way from there to the close.
    """
    queues = close.queues
    way = Path(os.path.relpath(close.folder.path, place)).as_posix()
    sheets = [_read_me(close, queues), *(queue.sheet for queue in queues), _marks(close, queues, way)]
    return workbook.workbook_bytes(
        sheets, title=f"Review of the close {close.as_of}", as_of=dt.date.fromisoformat(close.as_of)
    )


def row_digest(cells: dict[str, object]) -> str:
    """Digest a row's locked cells by their headings, as they are written or as they were read."""
    lines = [f"{heading}={workbook.comparable(cell)}\n" for heading, cell in sorted(cells.items())]
    return digest_bytes("".join(lines).encode())


def locked_cells(queue: Queue) -> dict[str, dict[str, Cell]]:
    """Give the cells of each row that no reviewer may change, by id and heading."""
    locked = {number: column.heading for number, column in enumerate(queue.sheet.columns) if not column.is_open}
    rows = [{heading: row[number] for number, heading in locked.items()} for row in workbook.cells_of(queue.sheet)]
    return {str(row[ID]): row for row in rows}


def _marks(close: ReviewedClose, queues: list[Queue], way: str) -> Sheet:
    facts = {"layout": LAYOUT, "as_of": close.as_of, "manifest": close.manifest, "folder": way}
    rows = [(OF_WORKBOOK, name, value, "") for name, value in facts.items()]
    rows += [
        (queue.sheet.name, name, queue.grounds[name].evidence, row_digest(dict(cells)))
        for queue in queues
        for name, cells in locked_cells(queue).items()
    ]
    names = [column.name for column in _MARK_COLUMNS]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return Sheet(MARKS, _MARK_COLUMNS, frame, is_hidden=True, has_filter=False)


def _read_me(close: ReviewedClose, queues: list[Queue]) -> Sheet:
    counts = [
        f"{queue.sheet.name}: {queue.sheet.rows.height} to decide, {', '.join(queue.choices)}." for queue in queues
    ]
    lines = [
        f"Review of the close {close.as_of}. Amounts in {close.currency} unless the row says otherwise.",
        *counts,
        "Fill decision, by and reason; every other cell is locked. Leave a decision empty to decide later.",
        "You may sort, filter and delete rows: a row is known by its id, and one that is not there is undecided.",
        "Save a copy as .xlsx, then: recon review import FILE. The same file imported twice adds nothing twice.",
        "Nothing is imported while one row cannot be understood; --partial imports the others.",
        "Nothing is written to Salesforce or Stripe. The next close applies what was decided.",
        "A decision lapses, visibly, when the evidence it rests on changes.",
        f"Made from the close whose manifest has the SHA-256 {close.manifest}.",
    ]
    frame = pl.DataFrame({"line": lines})
    return Sheet(README, (Column("line", "Review", width=120),), frame, has_filter=False)
