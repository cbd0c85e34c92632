"""Explain a record of a close in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.artifacts import CloseFolder
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def explain(record_id: str, folder: Path) -> list[str]:
    """Say why a record is, or is not, a gap.

    Args:
        record_id: id of an account, opportunity, subscription, customer, invoice, payment, event or gap.
        folder: a close folder.

    Returns:
        Sentences in reading order.

    Raises:
        SettingsError: the folder is no close, or the id is not in it.
    """
    from recon_kit.gaps import explain as sentences_about

    close = CloseFolder(folder.resolve())
    if not close.has_table("gaps"):
        message = f"{folder} holds no gaps table; give a close folder."
        raise SettingsError(message)
    sentences = sentences_about(record_id, close.read_table)
    if not sentences:
        message = (
            f"{record_id} is not in this close: no account, opportunity, customer, subscription, invoice, payment or "
            "gap has that id. Check it for a missing character, and that it is no later than as_of."
        )
        raise SettingsError(message)
    return sentences
