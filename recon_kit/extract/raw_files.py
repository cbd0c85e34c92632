"""Which files of a folder belong to the raw layout, and to which object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recon_kit.schemas.raw import OBJECTS, SALESFORCE, STRIPE

if TYPE_CHECKING:
    from pathlib import Path

_ENDINGS = {STRIPE: r"\.jsonl(\.gz)?", SALESFORCE: r"\.csv"}


def object_of(source: str, file_name: str) -> str | None:
    """Tell which object a raw file holds; none when it is not of the layout.

    ``invoices.jsonl.gz``, ``invoices-2026-09.jsonl`` and ``invoices_2026-09.jsonl`` hold invoices;
    ``invoice_lines.jsonl`` does not: the part after the name must begin with a digit.
    """
    for raw_object in OBJECTS[source]:
        if re.fullmatch(rf"{raw_object.name}([-_. ]\d[^/]*)?{_ENDINGS[source]}", file_name, re.IGNORECASE):
            return raw_object.name
    return None


def layout_files(folder: Path, source: str) -> tuple[dict[Path, str], list[Path]]:
    """Sort the files of a source's folder into those of the layout and the rest.

    Args:
        folder: such as ``…/stripe``; may be absent.
        source: ``stripe``, ``salesforce``, ``ledger`` or ``bank``. Ledger and bank files are taken whatever their name.

    Returns:
        (object name by file, sorted by name; files that are not of the layout). A link that leaves the folder is not
        followed and counts as not of the layout.
    """
    known: dict[Path, str] = {}
    unknown: list[Path] = []
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        inside = file.is_file() and file.resolve().is_relative_to(folder.resolve())
        name = object_of(source, file.name) if source in OBJECTS else source
        if inside and name and not file.name.startswith("."):
            known[file] = name
        elif not file.name.startswith("."):
            unknown.append(file)
    return known, unknown
