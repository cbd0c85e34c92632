"""Verify a close: re-hash it against its manifest, re-perform it from its raw snapshot, name what differs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from recon_kit import journal, link_files
from recon_kit.artifacts import MANIFEST, PACK, SIGNATURE, CloseFolder, digest_file
from recon_kit.commands.compare import differing_rows
from recon_kit.commands.ending import in_words
from recon_kit.commands.review.exporting import FILE as REVIEW
from recon_kit.commands.review.exporting import PUT_BACK
from recon_kit.policy import SettingsError
from recon_kit.runner.close import Request, run_close
from recon_kit.runner.manifest import code_digests, pack_files, read_json
from recon_kit.runner.pseudonymised import is_pseudonymised
from recon_kit.runner.signature import (
    UnreadableSignature,
    faults_of_signature,
    missing_signature,
    read_signature,
    what_it_protects,
)
from recon_kit.runner.stages import chosen_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SHOWN = 10
_UNREADABLE = "was changed so that it cannot be read any more"
_WHAT_THEN = {REVIEW: f". If it was filled in the close folder: {PUT_BACK}"}
"""What to do about a file that people change without harm to any figure."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the manifest or the re-performance says."""

    file: str
    message: str


def verify(folder: Path, *, reperform: bool = True, progress: bool = False) -> list[Finding]:
    """Check a finished close.

    Args:
        folder: the close folder.
        reperform: also run the close again from ``raw/`` and ``inputs/`` and compare every table.
        progress: show the progress of the re-performance.

    Returns:
        What differs, files first; empty when everything holds.

    Raises:
        SettingsError: the folder is no finished close.
    """
    close = CloseFolder(folder.resolve())
    if not close.is_finished:
        message = f"{folder} is no finished close: it has no {MANIFEST}."
        raise SettingsError(message)
    try:
        manifest = read_json(close.path / MANIFEST)
    except SettingsError:
        unreadable = [Finding(MANIFEST, f"{_UNREADABLE}, so nothing that it lists can be checked")]
        return [*unreadable, *_void_signature(close, unreadable)]
    if close.is_purged:
        message = f"{folder} was purged: only its {MANIFEST} is kept, so there is nothing left to verify."
        raise SettingsError(message)
    findings = [*_changed_files(close, manifest), *_changed_decisions(close, manifest), *_changed_pages(close)]
    findings += _void_signature(close, findings)
    if reperform and not is_pseudonymised(manifest):
        findings += _reperformed(close, manifest, progress=progress)
    return findings


def can_be_reperformed(folder: Path) -> bool:
    """Tell whether a folder holds the raw data to run it again: a pack without names does not."""
    return not is_pseudonymised(read_json(folder / MANIFEST))


def _void_signature(close: CloseFolder, changed: Sequence[Finding]) -> Iterator[Finding]:
    """Say that a signature is void when anything it covers is no longer what was signed, and what that is."""
    try:
        signature = read_signature(close.path)
    except UnreadableSignature as fault:
        yield Finding(SIGNATURE, f"void: {fault}")
        return
    if signature is None:
        if told := missing_signature(close.path):
            yield Finding(SIGNATURE, told)
        return
    reasons = [*faults_of_signature(close.path, signature), *(f"{one.file} {one.message}" for one in changed)]
    if reasons:
        listed = "; ".join(reasons[:_SHOWN]) + (f"; and {len(reasons) - _SHOWN} more" if reasons[_SHOWN:] else "")
        yield Finding(SIGNATURE, f"void: what {signature.said} signed is not what lies here now: {listed}")


def signature_told(folder: Path) -> str:
    """Say of a close that verifies who signed it and against what that protects; empty when nobody has."""
    signature = read_signature(folder.resolve())
    return f"\nSigned by {signature.said}; the signature holds. {what_it_protects(signature)}" if signature else ""


def _changed_files(close: CloseFolder, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    present = {file.relative_to(close.path).as_posix(): file for file in close.evidence_files()}
    yield from _compare_digests(manifest.get("files", {}), present, "the manifest")


def _changed_decisions(close: CloseFolder, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Name the lines of the copied journal that are not those the manifest anchors."""
    copy = close.inputs / journal.COPY
    try:
        anchor = journal.anchor_of_manifest(manifest, close.path.name)
        journal.read_journal(copy, [anchor] if anchor else [], has_head=False)
    except (KeyError, TypeError):
        yield Finding(MANIFEST, "was changed: it does not say any more how long the decision journal was")
    except SettingsError as fault:
        yield Finding(copy.relative_to(close.path).as_posix(), str(fault))


def _changed_pages(close: CloseFolder) -> Iterator[Finding]:
    if not (close.path / PACK).is_file():
        yield Finding(PACK, "is missing, so notebooks and pages cannot be checked")
        return
    try:
        pack = read_json(close.path / PACK)
    except SettingsError:
        yield Finding(PACK, f"{_UNREADABLE}, so notebooks and pages cannot be checked")
        return
    if pack.get("manifest_sha256") != digest_file(close.path / MANIFEST):
        yield Finding(MANIFEST, f"is not the one {PACK} was made for: it was changed afterwards")
    present = {file.relative_to(close.path).as_posix(): file for file in pack_files(close.path)}
    yield from _compare_digests(pack.get("files", {}), present, PACK)


def _compare_digests(
    expected: Mapping[str, Mapping[str, Any]], present: Mapping[str, Path], source: str
) -> Iterator[Finding]:
    for name in sorted(expected.keys() | present.keys()):
        if name not in present:
            yield Finding(name, f"is missing; {source} lists it")
        elif name not in expected:
            yield Finding(name, f"was added; {source} does not list it")
        elif digest_file(present[name]) != expected[name].get("sha256"):
            yield Finding(name, f"was changed: its SHA-256 is not the one in {source}{_WHAT_THEN.get(name, '')}")


def _reperformed(close: CloseFolder, manifest: Mapping[str, Any], *, progress: bool) -> Iterator[Finding]:
    if manifest.get("code") != code_digests(chosen_stages()):
        yield Finding("recon_kit", "the code is not the one that made this close; differences below may come from it")
    with tempfile.TemporaryDirectory(prefix="recon-verify-") as scratch:
        params = Path(scratch) / "params.yaml"
        try:
            params.write_text(yaml.safe_dump(params_of(close, manifest, Path(scratch))), encoding="utf-8")
            again = run_close(Request(params=params, out=Path(scratch) / "close", pages=False, progress=progress))
        except Exception as fault:  # noqa: BLE001  (whatever stops the re-performance is the finding)
            yield Finding("raw", f"the close cannot be re-performed: {in_words(fault)}")
            return
        yield from _compare_tables(close, CloseFolder(again), manifest)


def params_of(close: CloseFolder, manifest: Mapping[str, Any], scratch: Path) -> dict[str, Any]:
    """Rebuild params that read this close's own snapshot, its journal with the head that the manifest vouches for."""
    params = dict(manifest["params"])
    source = {name: dict(settings) for name, settings in params["source"].items()}
    for name, settings in source.items():
        if settings["kind"] != "none":
            settings.update(kind="files", path=str(close.raw))
        if name == "fx":
            settings.update(kind="files", path=str(close.raw))
    copy, previous = close.inputs / journal.COPY, close.inputs / "previous"
    links = close.inputs / link_files.COPY
    if copy.is_file():
        journal.lay_out(
            scratch / journal.COPY, copy.read_bytes(), journal.anchor_of_manifest(manifest, close.path.name)
        )
    return {
        **params,
        "as_of": manifest["as_of"],
        "source": source,
        "policy": manifest["policy"],
        "profile": params["profile"],
        "decisions": str(scratch / journal.COPY) if copy.is_file() else None,
        "links": {"model": str(links)} if links.is_dir() else {},
        "previous": str(previous) if previous.is_dir() else "none",
    }


def _compare_tables(close: CloseFolder, again: CloseFolder, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    names = sorted(Path(name).stem for name in manifest.get("files", {}) if name.startswith("tables/"))
    for name in names:
        kept, performed = close.tables / f"{name}.parquet", again.tables / f"{name}.parquet"
        if not kept.is_file() or not performed.is_file():
            where = "this close" if performed.is_file() else "the re-performed close"
            yield Finding(f"tables/{name}.parquet", f"{where} does not have this table")
        elif kept.read_bytes() != performed.read_bytes():
            yield Finding(f"tables/{name}.parquet", differing_rows(name, kept, pl.read_parquet(performed)))
