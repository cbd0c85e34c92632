"""Export: the review of a finished close as a workbook."""

from __future__ import annotations

from pathlib import Path

from recon_kit.artifacts import MANIFEST, CloseFolder, write_atomically
from recon_kit.commands.review.contents import review_bytes, reviewed
from recon_kit.policy import SettingsError
from recon_kit.workbook import read_workbook

FILE = "review.xlsx"
"""Name of the workbook in a close folder."""
PUT_BACK = f"move it elsewhere, and `recon review export DIR --out DIR/{FILE}` writes the close's own again"
"""What to do about a workbook that was filled where it lay, so that the close is as it was made once more."""


def write_review(folder: CloseFolder) -> None:
    """Write the review into a close folder whose manifest is written."""
    write_atomically(folder.path / FILE, review_bytes(reviewed(folder), folder.path))


def export_review(folder: Path, out: Path | None) -> list[str]:
    """Write the review of a finished close.

    Args:
        folder: the close folder.
        out: the file to write; none: ``review-<close>.xlsx`` in the present folder, beside no close, so that the one in
            the close stays as it was made.

    Returns:
        Where it is and what is in it, in sentences.

    Raises:
        SettingsError: the folder is no finished close, or the file is there and holds decisions, or is no workbook.
    """
    close = CloseFolder(folder.resolve())
    if not close.is_finished:
        raise SettingsError(f"{folder} is no finished close: it has no {MANIFEST}. Give the folder of a close.")
    known = reviewed(close)
    file = (out or Path(f"review-{close.path.name}.xlsx")).resolve()
    if file.suffix.lower() != ".xlsx":
        raise SettingsError(f"{file.name} does not end in .xlsx; a spreadsheet would not open it.")
    _require_nothing_decided_in(file)
    write_atomically(file, review_bytes(known, file.parent))
    counts = ", ".join(f"{queue.sheet.rows.height} rows in {queue.sheet.name}" for queue in known.queues)
    return [f"{counts}. Fill decision, by and reason, then: recon review import {file.name}", f"Written to {file}"]


def _require_nothing_decided_in(file: Path) -> None:
    """Refuse to replace a workbook that somebody has begun to fill."""
    if not file.exists():
        return
    for sheet in read_workbook(file).values():
        if any(row.cells.get("decision") or "decision" in row.formulas for row in sheet.rows):
            raise SettingsError(
                f"{file.name} is there and holds decisions (sheet {sheet.name}). Import it first (recon review "
                "import), or name another file with --out."
            )
