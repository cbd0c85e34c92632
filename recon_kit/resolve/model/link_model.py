"""The shipped model: parameters of Splink, the second stage, the calibrator and the record of their training."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from recon_kit.resolve.model.calibrator import Calibrator
from recon_kit.resolve.model.settings import Parameters

PARAMETERS_FILE, SECOND_STAGE_FILE = "model.json", "second_stage.txt"
CALIBRATOR_FILE, TRAINING_FILE = "calibrator.json", "training.json"


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


@cache
def shipped_model() -> LinkModel:
    """Read the model that ships with the kit; a close never trains."""
    written = {name: _text(name) for name in (PARAMETERS_FILE, SECOND_STAGE_FILE, CALIBRATOR_FILE)}
    return LinkModel(
        parameters=json.loads(written[PARAMETERS_FILE]),
        second_stage=written[SECOND_STAGE_FILE],
        calibrator=Calibrator.from_json(written[CALIBRATOR_FILE]),
    )


def training_record() -> dict[str, Any]:
    """Read on what, when and how well the shipped model was trained."""
    record: dict[str, Any] = json.loads(_text(TRAINING_FILE))
    return record


def _text(name: str) -> str:
    return resources.files("recon_kit.resolve.model").joinpath("shipped", name).read_text(encoding="utf-8")
