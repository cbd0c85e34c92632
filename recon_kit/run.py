"""Run: what a notebook holds in its hand: params, policy, as-of and the close folder."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from filelock import FileLock

from recon_kit.artifacts import EVIDENCE_PARTS, MANIFEST, PARTIAL, CloseFolder
from recon_kit.controls import require_ties
from recon_kit.params import Params, read_params, read_policy
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from recon_kit.policy import Policy

DRAFT = ".draft"
SEED = "seeded_from.json"
"""The manifest of the close a draft was begun from."""


@dataclass(frozen=True)
class Run:
    """One notebook's run on one close folder."""

    notebook: str
    params: Params
    policy: Policy
    folder: CloseFolder

    @property
    def as_of(self) -> dt.date:
        """The day of the close; its end is 24:00 in the policy's time zone."""
        return self.params.as_of

    @property
    def room(self) -> str:
        """The room whose front door the notebook is: ``02_normalise`` is that of ``normalise``."""
        return self.notebook.split("_", 1)[-1]

    def read(self, name: str) -> pl.LazyFrame:
        """Scan a table of the close folder; raises ``MissingTable`` with what to run first."""
        return self.folder.read_table(name)

    def write(self, **tables: pl.DataFrame | pl.LazyFrame) -> None:
        """Write tables, each checked against its schema and sorted by key."""
        for name, frame in tables.items():
            self.folder.write_table(name, frame)

    def write_own_rows(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Replace this room's rows in a table that several rooms share (``controls``, ``not_testable``)."""
        rows = frame.with_columns(room=pl.lit(self.room))
        if self.folder.has_table(name):
            others = self.read(name).filter(pl.col("room") != self.room).collect()
            rows = pl.concat([others, rows.select(others.columns)])
        self.folder.write_table(name, rows)
        return frame

    def check(self, controls: pl.DataFrame) -> pl.DataFrame:
        """Record this room's controls, then stop the close when one does not tie.

        Returns:
            The controls, for display.

        Raises:
            ControlBroken: names those that do not tie.
        """
        self.write_own_rows("controls", controls)
        require_ties(controls)
        return controls

    @property
    def effective(self) -> dict[str, str]:
        """The values this run really uses, for the head of a page; no path of the machine is among them."""
        kinds = {name: source["kind"] for name, source in self.params.source.model_dump().items()}
        return {
            "as of": self.as_of.isoformat(),
            "time zone": self.policy.timezone,
            "reporting currency": self.policy.reporting_currency,
            "Stripe mode": self.policy.stripe_mode,
            "profile": self.params.profile,
            "sources": ", ".join(f"{name} {kind}" for name, kind in kinds.items()),
            "close folder": self.folder.path.name.removesuffix(PARTIAL).removesuffix(DRAFT),
        }


def open_run(
    notebook: str,
    *,
    params: str | None = None,
    as_of: str | dt.date | None = None,
    close_dir: str | None = None,
) -> Run:
    """Open a notebook's run.

    Args:
        notebook: its file name without ending, such as ``04_gaps``.
        params: the params file; none: the embedded sample's.
        as_of: overrides the params.
        close_dir: the close folder; none: a draft beside the close that the params name, begun as a copy of that close.

    Raises:
        SettingsError: the params or the policy cannot be used, or the close that a draft would copy was purged.
    """
    settings = read_params(params, as_of=as_of)
    folder = CloseFolder(Path(close_dir).resolve()) if close_dir else draft_of(settings.close_folder)
    folder.create()
    return Run(notebook=notebook, params=settings, policy=read_policy(settings), folder=folder)


def draft_of(finished: Path) -> CloseFolder:
    """Return the folder an analyst explores in: beside the close, seeded from it, so that the close never changes.

    Raises:
        SettingsError: the close was purged.
    """
    if CloseFolder(finished).is_purged:
        message = (
            f"The close {finished.name} was purged: only its manifest is kept, so there is nothing to explore. "
            "Choose another as_of, or give a close_dir."
        )
        raise SettingsError(message)
    draft = CloseFolder(finished.with_name(finished.name + DRAFT))
    draft.path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(draft.path.with_name(f".{draft.path.name}.lock")):
        if CloseFolder(finished).is_finished and not _is_seeded_from(draft, finished):
            _seed(draft, finished)
    return draft


def _is_seeded_from(draft: CloseFolder, finished: Path) -> bool:
    kept = draft.path / SEED
    return kept.is_file() and kept.read_bytes() == (finished / MANIFEST).read_bytes()


def _seed(draft: CloseFolder, finished: Path) -> None:
    """Begin the draft anew as a copy of the close; what an earlier draft held came from a close that is no more."""
    begun = draft.path.with_name(draft.path.name + PARTIAL)
    shutil.rmtree(begun, ignore_errors=True)
    for part in EVIDENCE_PARTS:
        shutil.copytree(finished / part, begun / part)
    shutil.copyfile(finished / MANIFEST, begun / SEED)
    shutil.rmtree(draft.path, ignore_errors=True)
    begun.rename(draft.path)
