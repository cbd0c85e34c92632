"""Wording: which model and calibrator links rest on, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recon_kit.link_files.reading import CALIBRATOR_FILE, PARAMETERS_FILE, SECOND_STAGE_FILE, LinkFiles, shipped_files

OWN = "the model's own"


def link_files_told(files: LinkFiles) -> dict[str, str]:
    """Say which model and which calibrator are used, by their training record.

    Returns:
        ``link model`` and ``calibrator``, in words; no path of the machine is among them.
    """
    shipped = shipped_files()
    is_shipped = all(files.content[name] == shipped.content[name] for name in (PARAMETERS_FILE, SECOND_STAGE_FILE))
    whose = "ships with the kit" if is_shipped else "adopted"
    return {"link model": f"{whose}, {_made(files.training)}", "calibrator": _calibrator_told(files, shipped)}


def _calibrator_told(files: LinkFiles, shipped: LinkFiles) -> str:
    if "calibrator" in files.training:
        return f"adopted, {_made(files.training['calibrator'])}"
    is_of_shipped = files.training == shipped.training
    if is_of_shipped and files.content[CALIBRATOR_FILE] != shipped.content[CALIBRATOR_FILE]:
        return "another than ships with the kit, without a record of its own"
    return OWN


def _made(record: Mapping[str, Any]) -> str:
    known, as_of = record.get("known_links"), record.get("as_of")
    if as_of:
        labels = f"{known:,} known links" if isinstance(known, int) else "known links"
        return f"fitted to {labels} of the close as of {as_of}"
    return f"trained {record['trained_on']}" if "trained_on" in record else "without a record of when it was made"
