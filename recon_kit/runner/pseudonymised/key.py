"""The key of the hashes: a file apart from the closes, that the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from recon_kit.policy import SettingsError

PSEUDONYM_KEY_FILE = "RECON_PSEUDONYM_KEY_FILE"
"""Names the file of the key; whoever holds it can tell which hash is whose."""
SHORTEST = 8
"""Bytes below which a key could be guessed at a glance; 32 random ones are what it should have."""
_MAKE_ONE = "Make one with `openssl rand -hex 32 > pseudonym.key`, and keep it apart from the closes."


def pseudonym_key(apart_from: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """Read the key.

    Args:
        apart_from: the folder of the close; a key in it, or in its pack, would travel with them.
        environment: where the variable stands.

    Returns:
        The bytes of the file without spaces and line breaks around them.

    Raises:
        SettingsError: no file is named, it cannot be read, it is too short, or it lies in a close.
    """
    named = environment.get(PSEUDONYM_KEY_FILE, "").strip()
    if not named:
        raise SettingsError(f"--pseudonymise needs {PSEUDONYM_KEY_FILE}, the file of a key. {_MAKE_ONE}")
    file = Path(named).expanduser().resolve()
    folders = [apart_from.resolve(), apart_from.resolve().with_name(f"{apart_from.name}.pseudonymised")]
    if any(file.is_relative_to(folder) for folder in folders):
        raise SettingsError(f"{PSEUDONYM_KEY_FILE} names a file inside a close: the key must be kept apart from it.")
    try:
        key = file.read_bytes().strip()
    except OSError as fault:
        raise SettingsError(f"{PSEUDONYM_KEY_FILE} names a file that cannot be read: {fault.strerror}.") from fault
    if len(key) < SHORTEST:
        raise SettingsError(f"The key in {PSEUDONYM_KEY_FILE} has {len(key)} bytes, fewer than {SHORTEST}. {_MAKE_ONE}")
    return key
