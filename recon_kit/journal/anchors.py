"""Anchors: what finished closes know a journal to have been, when they began and when somebody signed them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recon_kit.artifacts import MANIFEST, SIGNATURE
from recon_kit.journal.chain import Anchor


def anchor_of_manifest(manifest: Mapping[str, Any], name: str) -> Anchor | None:
    """Take what a close rests on from its manifest; none when it rests on no journal."""
    return _anchor(manifest, f"the close {name}")


def anchors_of_closes(closes: Sequence[Path]) -> list[Anchor]:
    """Collect what finished closes rest on and what was signed with them, oldest length first.

    A signature knows the decisions made after the close began. What cannot be read says nothing.
    """
    told = ((MANIFEST, "the close"), (SIGNATURE, "the signature of the close"))
    found = []
    for folder in closes:
        for file, source in told:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                anchor = _anchor(json.loads((folder / file).read_bytes()), f"{source} {folder.name}")
                found += [anchor] if anchor else []
    return sorted(found, key=lambda one: (one.length, one.source))


def _anchor(content: Mapping[str, Any], source: str) -> Anchor | None:
    kept = content.get("journal")
    return Anchor(kept["length"], kept["sha256"], source) if kept else None
