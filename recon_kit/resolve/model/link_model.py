"""The link model: parameters of Splink, the second stage and the calibrator, read for use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recon_kit import link_files
from recon_kit.link_files import Calibrator, LinkFiles, Parameters
from recon_kit.resolve.model.comparisons import COMPARISONS
from recon_kit.resolve.model.features import FEATURES


@dataclass(frozen=True)
class LinkModel:
    """What scores pairs.

    Attributes:
        parameters: m and u of every level of every comparison.
        second_stage: LightGBM's text model.
        calibrator: from what competition leaves to the probability.
    """

    parameters: Parameters
    second_stage: str
    calibrator: Calibrator


@dataclass(frozen=True)
class ModelInUse:
    """The model that a close's links rest on.

    Attributes:
        model: what scores pairs.
        training: its training record.
        told: ``link model`` and ``calibrator``: whose, and since when.
    """

    model: LinkModel
    training: Mapping[str, Any]
    told: dict[str, str]


@cache
def shipped_model() -> LinkModel:
    """Return the model that ships with the kit; a close never trains."""
    return _model_of(link_files.shipped_files(), "the kit")


def model_in_use(inputs: Path) -> ModelInUse:
    """Read the model that a close keeps in ``inputs/links``; where it keeps none, the shipped one.

    Args:
        inputs: the close's ``inputs/``.

    Raises:
        SettingsError: a file is missing, faulty, or of another version of the kit; one message names all fields.
    """
    folder = inputs / link_files.COPY
    if folder.is_dir():
        files = link_files.read_link_files(folder)
        return ModelInUse(_model_of(files, str(folder)), files.training, link_files.link_files_told(files))
    shipped = link_files.shipped_files()
    told = link_files.link_files_told(shipped)
    absent = {"link model": f"{told['link model']} (this close folder holds none in inputs/{link_files.COPY})"}
    return ModelInUse(shipped_model(), shipped.training, told | absent)


def _model_of(files: LinkFiles, where: str) -> LinkModel:
    link_files.require_none([*_other_levels(files.parameters), *_other_features(files.second_stage)], where)
    return LinkModel(files.parameters, files.second_stage, files.calibrator)


def _other_levels(parameters: Parameters) -> Iterator[str]:
    """Name the levels that the file and this version do not share: weights of others cannot be used."""
    ours = {f"{one.name}.{level.name}" for one in COMPARISONS for level in one.levels if not level.is_null}
    theirs = {f"{comparison}.{level}" for comparison, levels in parameters.items() for level in levels}
    yield from (f"model.json: {field}: missing" for field in sorted(ours - theirs))
    yield from (f"model.json: {field}: unknown to this version of the kit" for field in sorted(theirs - ours))


def _other_features(second_stage: str) -> Iterator[str]:
    named = re.search(r"^feature_names=(.*)$", second_stage, re.MULTILINE)
    if named is None or named[1].split(" ") != list(FEATURES):
        yield "second_stage.txt: feature_names: not those that this version of the kit computes"
