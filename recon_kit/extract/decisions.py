"""Copy the decision journal into the close: verified on the way, against its head and against earlier closes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recon_kit import journal
from recon_kit.artifacts import CloseFolder, FinishedClose
from recon_kit.policy import SettingsError
from recon_kit.tables import count

if TYPE_CHECKING:
    from recon_kit.run import Run


_WORKING = re.compile(r"(\.r\d+)?(\.(draft|partial))?$")


def copy_decisions(run: Run, previous: CloseFolder | None) -> str:
    """Copy the journal that the params name into ``inputs/decisions.jsonl``.

    Args:
        run: the run.
        previous: the close before.

    Returns:
        What was taken, in words: how many decisions and against what they were verified, or ``none yet``.

    Raises:
        SettingsError: the journal does not verify, or earlier closes rest on decisions and the params name no journal;
            nothing is taken then.
    """
    copy = run.folder.inputs / journal.COPY
    anchors = journal.anchors_of_closes(_closes_before(run, previous))
    if run.params.decisions is None:
        _refuse_to_lose(anchors)
        _forget(run, copy)
        return "none yet: the params name no journal"
    source = run.params.resolve(run.params.decisions)
    known = journal.read_journal(source, anchors)
    if not known.decisions:
        _forget(run, copy)
        return "none yet"
    run.folder.write(copy, known.content)
    return _told(known.decisions, anchors, journal.head_of(source).name)


def _refuse_to_lose(anchors: Sequence[journal.Anchor]) -> None:
    """Stop where decisions that earlier closes rest on would silently be forgotten."""
    longest = max(anchors, key=lambda anchor: anchor.length, default=None)
    if longest and longest.length:
        message = (
            f"decisions: is not set, but {longest.source} rests on {count(longest.length, 'decision')}: all of them "
            "would be forgotten. Set decisions: to that journal, or previous: none to begin anew."
        )
        raise SettingsError(message)


def _closes_before(run: Run, previous: CloseFolder | None) -> list[Path]:
    """The closes whose manifests vouch for the journal.

    With ``latest`` they are all of the folder, and those in whose place or beside which this one will stand, which
    ``--out`` may have put elsewhere; else the one named.
    """
    named = [previous.path] if previous else []
    if run.params.previous != "latest":
        return named
    closes = run.params.resolve(run.params.closes_dir)
    folders = [*(sorted(closes.iterdir()) if closes.is_dir() else []), *_of_this_name(run.folder.path)]
    return list(dict.fromkeys([*named, *(folder for folder in folders if CloseFolder(folder).is_finished)]))


def _of_this_name(folder: Path) -> list[Path]:
    name = re.escape(_WORKING.sub("", folder.name))
    return [place for place in sorted(folder.parent.iterdir()) if re.fullmatch(rf"{name}(\.r\d+)?", place.name)]


def _forget(run: Run, copy: Path) -> None:
    """Take away a copy that an earlier run of a draft left."""
    if not copy.is_file():
        return
    if run.folder.is_finished:
        message = f"The close {run.folder.path.name} is finished and rests on decisions; run `recon close` again."
        raise FinishedClose(message)
    copy.unlink()


def _told(decisions: Sequence[journal.Decision], anchors: Sequence[journal.Anchor], head: str) -> str:
    lines = count(len(decisions), "decision")
    against = f" and {count(len(anchors), 'earlier close')}" if anchors else ""
    return f"{lines}; every hash agrees with the next line, with {head}{against}"
