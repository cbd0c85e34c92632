"""Sides: the two closes that a restatement compares, and why two closes cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recon_kit import journal, link_files
from recon_kit.artifacts import MANIFEST, CloseFolder, canonical_json, digest_bytes, digest_file
from recon_kit.commands.verify import verify
from recon_kit.policy import Policy, SettingsError
from recon_kit.runner.manifest import LIBRARIES, code_digests, read_json
from recon_kit.runner.pseudonymised import is_pseudonymised
from recon_kit.runner.stages import chosen_stages

_SHOWN = 5
_NO_SETTINGS = ("as_of", "source", "columns", "decisions", "previous", "links")
"""Params that go with the records or the journal, or that no figure rests on; the links stand by their files."""


@dataclass(frozen=True)
class Side:
    """One of the two closes: its folder, what its manifest says, and what it is called."""

    close: CloseFolder
    manifest: Mapping[str, Any]
    name: str

    @property
    def manifest_sha256(self) -> str:
        """The digest of its manifest."""
        return digest_file(self.close.path / MANIFEST)

    @cached_property
    def code(self) -> dict[str, Any]:
        """What made it: digests of the code and versions of the libraries."""
        return {"code": self.manifest["code"], "libraries": self.manifest.get("libraries", {})}

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Policy, field map and whatever else a person sets; the link files stand by their digests."""
        params = {name: value for name, value in self.manifest["params"].items() if name not in _NO_SETTINGS}
        return {"policy": self._policy(), "link files": self._links(), **params}

    def _policy(self) -> dict[str, Any]:
        """The policy with the defaults of keys that came later; as it stands where today's code does not take it."""
        given: dict[str, Any] = self.manifest["policy"]
        try:
            return Policy.model_validate(given).model_dump(mode="json")
        except ValidationError:
            return given

    def _links(self) -> dict[str, str]:
        """Digests of the link files by name; a close that holds none was made with those that ship."""
        kept = self.close.inputs / link_files.COPY
        if kept.is_dir():
            return {file.name: digest_file(file) for file in sorted(kept.iterdir())}
        return {name: digest_bytes(content) for name, content in sorted(link_files.shipped_files().content.items())}

    @cached_property
    def settings_key(self) -> str:
        """One digest of all settings."""
        return digest_bytes(canonical_json(self.settings))

    @property
    def decisions_key(self) -> str:
        """The digest of the decisions it rests on; empty for none."""
        copy = self.close.inputs / journal.COPY
        return digest_file(copy) if copy.is_file() else ""

    @cached_property
    def decisions(self) -> tuple[journal.Decision, ...]:
        """The decisions it rests on."""
        return journal.read_journal(self.close.inputs / journal.COPY, has_head=False).decisions


def code_of_today() -> dict[str, Any]:
    """What would make a close now, as :attr:`Side.code` says it."""
    return {"code": code_digests(chosen_stages()), "libraries": {name: version(name) for name in LIBRARIES}}


def both_sides(old: Path, new: Path) -> tuple[Side, Side]:
    """Open two closes of one day.

    Raises:
        SettingsError: one is no finished close, was purged, is a pack without names, or is not what its manifest lists;
            or they are closes of different days.
    """
    names = _names(old.resolve(), new.resolve())
    sides = _side(old, names[0]), _side(new, names[1])
    days = [side.manifest["as_of"] for side in sides]
    if days[0] != days[1]:
        raise SettingsError(
            f"{sides[0].name} is a close as of {days[0]} and {sides[1].name} one as of {days[1]}. A restatement says "
            "why the figures of one day changed; what changed from day to day stands on the later close's first page."
        )
    return sides


def _names(old: Path, new: Path) -> tuple[str, str]:
    """Call two folders by their names, or by as much of their paths as tells them apart."""
    pairs = zip(reversed(old.parts), reversed(new.parts), strict=False)
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    kept = 1 if old == new else 1 + same
    return "/".join(old.parts[-kept:]), "/".join(new.parts[-kept:])


def _side(folder: Path, name: str) -> Side:
    close = CloseFolder(folder.resolve())
    if not close.is_finished:
        raise SettingsError(f"{folder} is no finished close: it has no {MANIFEST}.")
    manifest = read_json(close.path / MANIFEST)
    if is_pseudonymised(manifest):
        raise SettingsError(f"{folder} is a pack without names: it has no raw data to run again. Name its close.")
    if not close.raw.is_dir():
        raise SettingsError(f"{folder} was purged: its raw data are not kept, so it cannot be run again.")
    changed = verify(close.path, reperform=False)
    if changed:
        listed = "\n".join(f"  - {finding.file}: {finding.message}" for finding in changed[:_SHOWN])
        more = f"\n  and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise SettingsError(
            f"{folder} is not what was closed, so nothing can be explained by it:\n{listed}{more}\n"
            "Restore it from a copy; `recon verify` names all that differs."
        )
    return Side(close, manifest, name)
