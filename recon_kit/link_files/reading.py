"""Reading: the four files of a link model, checked before anything rests on them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from recon_kit.link_files.calibrator import Calibrator
from recon_kit.policy import Frozen, SettingsError

PARAMETERS_FILE, SECOND_STAGE_FILE = "model.json", "second_stage.txt"
CALIBRATOR_FILE, TRAINING_FILE = "calibrator.json", "training.json"
FILES = (CALIBRATOR_FILE, PARAMETERS_FILE, SECOND_STAGE_FILE, TRAINING_FILE)
COPY = "links"
"""The folder in ``inputs/`` that holds the files a close rests on."""

SHIPPED = Path(__file__).resolve().parents[1] / "resolve"

Parameters = dict[str, dict[str, dict[str, float]]]
"""comparison -> level -> m and u."""


@dataclass(frozen=True)
class LinkFiles:
    """A link model as its files hold it.

    Attributes:
        content: bytes by file name.
        parameters: m and u by comparison and level.
        second_stage: LightGBM's text model.
        calibrator: from what competition leaves of a pair to its probability.
        training: on what, when and how well it was trained; of an adopted calibrator also where it comes from.
    """

    content: Mapping[str, bytes]
    parameters: Parameters
    second_stage: str
    calibrator: Calibrator
    training: Mapping[str, Any]


@cache
def shipped_files() -> LinkFiles:
    """Read the files that ship with the kit."""
    return read_link_files(SHIPPED)


def read_link_files(folder: Path) -> LinkFiles:
    """Read a link model.

    Args:
        folder: what holds :data:`FILES`.

    Raises:
        SettingsError: a file is missing, cut off or no such file; one message names all of them, and the fields.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise SettingsError(
            f"The link model in {folder} has no {' and no '.join(missing)}. "
            f"A model is a folder with {', '.join(FILES)}, as notebooks/tools/retrain_links.ipynb writes it."
        )
    return parsed({name: (folder / name).read_bytes() for name in FILES}, str(folder))


def parsed(content: Mapping[str, bytes], where: str) -> LinkFiles:
    """Check the bytes of a link model's files; ``where`` is named in messages."""
    require_none([fault for name in FILES for fault in _faults(name, content[name])], where)
    model, knots = (json.loads(content[name]) for name in (PARAMETERS_FILE, CALIBRATOR_FILE))
    return LinkFiles(
        content=dict(content),
        parameters=model,
        second_stage=content[SECOND_STAGE_FILE].decode(),
        calibrator=Calibrator(tuple((float(share), float(chance)) for share, chance in knots["knots"])),
        training=json.loads(content[TRAINING_FILE]),
    )


def require_none(faults: list[str], where: str) -> None:
    """Stop with all faults of a link model's files in one message; without any, go on."""
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        message = (
            f"The link model in {where} cannot be used:\n{listed}\n"
            "Take the file once more from where it was written, or leave links out of the params: the kit has its own."
        )
        raise SettingsError(message)


def calibrator_faults(content: bytes, name: str = CALIBRATOR_FILE) -> list[str]:
    """List what keeps a file from being a calibrator."""
    return list(_faults_of_json(name, content, _CALIBRATOR))


def _faults(name: str, content: bytes) -> Iterator[str]:
    if name == SECOND_STAGE_FILE:
        yield from _faults_of_second_stage(content)
    else:
        yield from _faults_of_json(name, content, _SHAPES[name])


def _faults_of_json(name: str, content: bytes, shape: TypeAdapter[Any]) -> Iterator[str]:
    try:
        shape.validate_json(content)
    except ValidationError as found:
        for fault in found.errors(include_input=False, include_url=False):
            field = ".".join(str(part) for part in fault["loc"]) or "the file"
            yield f"{name}: {field}: {fault['msg'].removeprefix('Value error, ')}"


def _faults_of_second_stage(content: bytes) -> Iterator[str]:
    """Follow LightGBM's own table of contents: it reads on past the end of a file that was cut off."""
    sizes = re.search(rb"^tree_sizes=([0-9 ]*)$", content, re.MULTILINE)
    first = re.search(rb"^Tree=0$", content, re.MULTILINE)
    if not content.startswith(b"tree\n") or sizes is None or first is None:
        yield f"{SECOND_STAGE_FILE}: tree_sizes: missing; it is no text model of LightGBM"
        return
    place = first.start()
    for number, size in enumerate(map(int, sizes[1].split())):
        if not content.startswith(b"Tree=%d\n" % number, place):
            yield f"{SECOND_STAGE_FILE}: Tree={number}: not where tree_sizes says; the file was cut off or changed"
            return
        place += size
    if not content.startswith(b"end of trees", place) or b"\nend of parameters" not in content[place:]:
        yield f"{SECOND_STAGE_FILE}: end of trees: missing; the file was cut off or changed"


class _Chances(Frozen):
    """How often true pairs (m) and random pairs (u) are at a level."""

    m: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    u: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


def _rising(knots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    for number, ((share, chance), (further, higher)) in enumerate(pairwise(knots), start=1):
        if further <= share or higher < chance:
            message = f"knot {number} ({further}, {higher}) does not rise above ({share}, {chance})"
            raise ValueError(message)
    return knots


_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Knots(Frozen):
    """A calibrator's file."""

    knots: Annotated[list[tuple[_Share, _Share]], Field(min_length=2), AfterValidator(_rising)]


_CALIBRATOR: TypeAdapter[Any] = TypeAdapter(_Knots)
_SHAPES: dict[str, TypeAdapter[Any]] = {
    PARAMETERS_FILE: TypeAdapter(dict[str, dict[str, _Chances]]),
    CALIBRATOR_FILE: _CALIBRATOR,
    TRAINING_FILE: TypeAdapter(dict[str, pydantic.JsonValue]),
}
