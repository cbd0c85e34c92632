"""Running a close again in parts: the settings, the decisions and the raw records may each be another close's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from recon_kit.artifacts import CloseFolder
from recon_kit.commands.ending import in_words
from recon_kit.commands.restate.composed import digest_of
from recon_kit.commands.restate.sides import Side
from recon_kit.commands.verify import params_of
from recon_kit.runner.execute import execute_here
from recon_kit.runner.stages import LAST, chosen_stages


@dataclass(frozen=True)
class Inputs:
    """What one run rests on.

    Attributes:
        settings: whose policy, field map and link files.
        decisions: whose journal.
        records: whose sources, such as which of them there are.
        raw: the folder of the records.
        columns: column maps of hand-made exports; none where ``raw`` holds them translated.
    """

    settings: Side
    decisions: Side
    records: Side
    raw: Path
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells runs of today's code apart: equal keys give equal figures."""
        return self.settings.settings_key, self.decisions.decisions_key, digest_of(self.raw)


@dataclass(frozen=True)
class Outcome:
    """What a run gave: its folder, or in words why there is none."""

    close: CloseFolder | None
    fault: str = ""


def as_closed(side: Side) -> Inputs:
    """What a close itself rests on, exports and pull records included."""
    return Inputs(side, side, side, side.close.raw, side.manifest["params"].get("columns") or {})


def rerun(inputs: Inputs, place: Path) -> Outcome:
    """Run the notebooks up to the gaps with today's code, without kernels and pages.

    Args:
        inputs: what it rests on.
        place: a folder that does not exist yet.
    """
    place.mkdir(parents=True)
    file = place / "params.yaml"
    file.write_text(yaml.safe_dump(_params(inputs, place)), encoding="utf-8")
    here: dict[str, object] = {"params": str(file), "close_dir": str(place / "close")}
    try:
        for stage in chosen_stages():
            if stage.room != LAST:
                execute_here(stage, here)
    except Exception as fault:  # noqa: BLE001  (whatever stops it is told, and its part goes with the next)
        return Outcome(None, in_words(fault))
    return Outcome(CloseFolder(place / "close"))


def _params(inputs: Inputs, place: Path) -> dict[str, Any]:
    """Take each part of the params from the close whose part it is."""
    settings, decided = (
        params_of(side.close, side.manifest, _folder(place / name))
        for name, side in (("settings", inputs.settings), ("decisions", inputs.decisions))
    )
    given = inputs.records.manifest["params"]["source"]
    source = {
        name: {**kept, "kind": "files", "path": str(inputs.raw)} if name == "fx" or kept["kind"] != "none" else kept
        for name, kept in given.items()
    }
    return {
        **settings,
        "source": source,
        "columns": dict(inputs.columns),
        "decisions": decided["decisions"],
        "previous": "none",
    }


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
