"""Put a finished close in its place in one step, so that there is always one whole close under the name."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from typing import TYPE_CHECKING

from recon_kit.artifacts import PARTIAL, SIGNATURE, CloseFolder
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
REPLACED = ".replaced"


def place_for(wanted: Path) -> Path:
    """Choose the folder a close goes to: the wanted one, or ``.r2``, ``.r3`` … beside a signed one.

    Raises:
        SettingsError: the folder exists and is no close, so that nothing of the user's is ever replaced.
    """
    restore_replaced(wanted)
    place, number = wanted, 1
    while (place / SIGNATURE).is_file():
        number += 1
        place = wanted.with_name(f"{wanted.name}.r{number}")
    if place.is_dir() and any(place.iterdir()) and not CloseFolder(place).is_finished:
        message = f"The folder {place.name} exists and is no finished close. Choose another --out, or remove it."
        raise SettingsError(message)
    if place.exists() and not place.is_dir():
        message = f"{place.name} exists and is a file. Choose another --out."
        raise SettingsError(message)
    return place


def put_in_place(partial: Path, place: Path) -> None:
    """Rename the finished folder to its name; a close that was there is exchanged in the same step, then removed."""
    if not place.exists():
        partial.rename(place)
    elif _exchange(partial, place):
        shutil.rmtree(partial)
    else:
        replaced = place.with_name(place.name + REPLACED)
        shutil.rmtree(replaced, ignore_errors=True)
        place.rename(replaced)
        partial.rename(place)
        shutil.rmtree(replaced)


def restore_replaced(place: Path) -> None:
    """Undo a replacement that was cut off between its two renames (systems without an exchanging rename)."""
    replaced = place.with_name(place.name + REPLACED)
    if replaced.is_dir() and not place.exists():
        replaced.rename(place)


def partial_of(place: Path) -> Path:
    """Return the folder a close grows in, beside its place."""
    return place.with_name(place.name + PARTIAL)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders atomically (Linux ``renameat2``); false where the system or file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
