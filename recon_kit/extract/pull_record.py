"""The records of pulls in a close folder: ``raw/pull/<system>.json``, beside the files they tell of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.extract.pulling.record import PullRecord
from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.artifacts import CloseFolder

PULL = "pull"


def record_file(raw: Path, system: str) -> Path:
    """Return where the record of a pull lies."""
    return raw / PULL / f"{system}.json"


def pull_records(folder: CloseFolder) -> list[PullRecord]:
    """Read the records of the pulls that a close's raw files come from; none for files made otherwise."""
    files = (record_file(folder.raw, system) for system in (STRIPE, SALESFORCE))
    return [PullRecord.read(file) for file in files if file.is_file()]
