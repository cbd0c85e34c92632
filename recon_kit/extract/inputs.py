"""Copy what else the figures rest on into ``inputs/``: policy, decisions, link model, the close before."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from recon_kit import link_files
from recon_kit.artifacts import CloseFolder
from recon_kit.extract.decisions import copy_decisions
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.run import Run

CARRIED_OVER = ("gaps", "gap_evidence", "links", "history", "unmatched")
"""Tables of the close before that the next one compares itself with."""


def copy_inputs(run: Run) -> dict[str, str]:
    """Write ``policy.yaml``, ``decisions.jsonl``, ``links/`` and ``previous/`` into the close folder.

    Returns:
        What was taken: ``policy``, ``decisions`` (how many, and what they agree with, or ``none yet``), ``link model``
        and ``calibrator`` (whose, and since when), ``previous close`` (its name or ``none``).

    Raises:
        SettingsError: the decision journal does not verify, the link model or calibrator cannot be used, or
            ``previous`` names something that does not exist.
    """
    inputs = run.folder.inputs
    run.folder.write(inputs / "policy.yaml", run.policy.to_yaml().encode())
    links = link_files.adopted_files(run.params)
    for name, content in links.content.items():
        run.folder.write(inputs / link_files.COPY / name, content)
    previous = previous_close(run)
    if previous:
        for name in CARRIED_OVER:
            if previous.has_table(name):
                run.folder.write(inputs / "previous" / f"{name}.parquet", previous.table_path(name).read_bytes())
    return {
        "policy": f"{run.params.profile} profile, every key in inputs/policy.yaml",
        "decisions": copy_decisions(run, previous),
        **link_files.link_files_told(links),
        "previous close": _name_of(previous),
    }


def _name_of(previous: CloseFolder | None) -> str:
    if previous is None:
        return "none"
    return previous.path.name if previous.is_finished else "as carried in the inputs"


def previous_close(run: Run) -> CloseFolder | None:
    """Find the close before: the one the params name, or the latest finished close with an earlier as-of.

    Purged closes are passed over: nothing of theirs is left to compare with.

    Raises:
        SettingsError: ``previous`` names a folder that is no finished close, or was purged.
    """
    wanted = run.params.previous
    if wanted == "none":
        return None
    if wanted == "latest":
        return _latest_before(run.params.resolve(run.params.closes_dir), run.as_of)
    folder = CloseFolder(run.params.resolve(wanted))
    carried = CarriedTables(folder.path)
    if folder.is_purged:
        message = f"previous: {wanted!r} was purged: only its manifest is kept. Use latest, none, or another close."
        raise SettingsError(message)
    if folder.is_finished:
        return folder
    if carried.has_any:
        return carried
    message = f"previous: {wanted!r} is no finished close: it has no manifest.json. Use latest, none, or a close."
    raise SettingsError(message)


class CarriedTables(CloseFolder):
    """The tables of the close before as an earlier run kept them in ``inputs/previous``, without a folder around."""

    @property
    def tables(self) -> Path:
        """The folder itself holds the tables."""
        return self.path

    @property
    def has_any(self) -> bool:
        """Whether it holds at least one of the tables a close carries over."""
        return any(self.has_table(name) for name in CARRIED_OVER)


def _latest_before(closes: Path, as_of: dt.date) -> CloseFolder | None:
    found = [
        (dt.date.fromisoformat(match[1]), int(match[3] or 1), folder)
        for folder in (closes.iterdir() if closes.is_dir() else [])
        if (match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})(\.r(\d+))?", folder.name)) and _has_tables(CloseFolder(folder))
    ]
    earlier = [entry for entry in found if entry[0] < as_of]
    return CloseFolder(max(earlier)[2]) if earlier else None


def _has_tables(close: CloseFolder) -> bool:
    return close.is_finished and not close.is_purged
