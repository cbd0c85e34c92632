"""Adoption: which files a close takes: those that ship, or the model and the calibrator that the params name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from recon_kit.artifacts import MANIFEST, CloseFolder, digest_bytes
from recon_kit.link_files.calibrator import followed_by
from recon_kit.link_files.reading import (
    CALIBRATOR_FILE,
    COPY,
    PARAMETERS_FILE,
    SECOND_STAGE_FILE,
    TRAINING_FILE,
    LinkFiles,
    calibrator_faults,
    parsed,
    read_link_files,
    require_none,
    shipped_files,
)
from recon_kit.params import Params
from recon_kit.policy import SettingsError

PROPOSAL = "calibrator_proposal"
_OF_RECORD = ("as_of", "known_links", "trained_on")


def adopted_files(params: Params) -> LinkFiles:
    """Read the model and the calibrator that the params name; what they do not name is the shipped one.

    ``links.model`` is a folder, or a file in it. ``links.calibrator`` is a ``calibrator.json``, which takes the place
    of the model's own, or a close's ``tables/calibrator_proposal.parquet``, which corrects the one that close used. The
    training record then says where the calibrator comes from.

    Raises:
        SettingsError: a file is missing or faulty, or the calibrator was fitted to another model.
    """
    wanted = params.links
    model = _model(params.resolve(wanted.model)) if wanted.model else shipped_files()
    if not wanted.calibrator:
        return model
    file = params.resolve(wanted.calibrator)
    if not file.is_file():
        message = f"links.calibrator: there is no file {file}. Correct the path, or leave it out."
        raise SettingsError(message)
    calibrator, record = (_of_proposal if file.suffix == ".parquet" else _of_file)(file, model)
    training = {**model.training, "calibrator": record}
    written = {CALIBRATOR_FILE: calibrator, TRAINING_FILE: f"{json.dumps(training, indent=1)}\n".encode()}
    return parsed({**model.content, **written}, str(file))


def digest_of(content: Mapping[str, bytes]) -> str:
    """Return one SHA-256 over files by name: that of the folder they are written to."""
    return digest_bytes("".join(f"{name} {digest_bytes(content[name])}\n" for name in sorted(content)).encode())


def _model(path: Path) -> LinkFiles:
    if not path.exists():
        message = f"links.model: there is no file or folder {path}. Correct the path, or leave it out."
        raise SettingsError(message)
    return read_link_files(path if path.is_dir() else path.parent)


def _of_file(file: Path, model: LinkFiles) -> tuple[bytes, dict[str, Any]]:
    """Read a calibrator that takes the place of the model's own."""
    content = file.read_bytes()
    require_none(calibrator_faults(content, file.name), str(file.parent))
    _require_fitted_to(model, file.parent, file)
    beside = file.with_name(TRAINING_FILE)
    known = json.loads(beside.read_bytes()) if beside.is_file() else {}
    return content, {name: known[name] for name in _OF_RECORD if name in known}


def _of_proposal(file: Path, model: LinkFiles) -> tuple[bytes, dict[str, Any]]:
    """Let a close's proposal follow on the calibrator which that close used."""
    close = CloseFolder(file.parent.parent)
    if file.name != f"{PROPOSAL}.parquet" or not close.is_finished:
        message = (
            f"links.calibrator: {file} is no proposal of a finished close. Name CLOSE/tables/{PROPOSAL}.parquet "
            "where it lies: it corrects the calibrator which that close used."
        )
        raise SettingsError(message)
    knots = close.read_table(PROPOSAL).collect().sort("link_probability")
    if knots.is_empty():
        message = f"links.calibrator: {file} proposes nothing: the close {close.path.name} had too few known links."
        raise SettingsError(message)
    used = close.inputs / COPY
    _require_fitted_to(model, used, file)
    corrected = read_link_files(used) if used.is_dir() else shipped_files()
    as_of = json.loads((close.path / MANIFEST).read_bytes())["as_of"]
    return followed_by(corrected.calibrator, knots).to_json().encode(), {"as_of": as_of, "known_links": _labels(close)}


def _labels(close: CloseFolder) -> int | None:
    """How many known customers the proposal was fitted to."""
    audit = close.read_table("link_audit").filter(pl.col("measure") == "linked_recall").select("of").collect()
    return audit.item() if audit.height == 1 else None


def _require_fitted_to(model: LinkFiles, folder: Path, file: Path) -> None:
    """Refuse a calibrator that lies with another model than the one it would serve."""
    for name in (PARAMETERS_FILE, SECOND_STAGE_FILE):
        fitted_to = folder / name
        if fitted_to.is_file() and fitted_to.read_bytes() != model.content[name]:
            message = (
                f"links.calibrator: {file} was fitted to another model: the {name} it goes with, in {folder}, differs "
                f"from that of links.model. Name {folder} in links.model too, or leave one of them out."
            )
            raise SettingsError(message)
