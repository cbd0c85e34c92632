"""Make the pseudonymised pack of a close: its tables, and its pages from 04 on rendered again from them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from recon_kit import journal
from recon_kit.artifacts import (
    MANIFEST,
    PACK,
    CloseFolder,
    canonical_json,
    digest_file,
    parquet_bytes,
    write_atomically,
)
from recon_kit.params import REPOSITORY
from recon_kit.run import Run, open_run
from recon_kit.runner.execute import execute
from recon_kit.runner.export import export_notebook
from recon_kit.runner.index_page import render_index
from recon_kit.runner.manifest import read_json, write_pack
from recon_kit.runner.pages import index_context
from recon_kit.runner.pseudonymised.checks import require_nobody_told, require_same_figures
from recon_kit.runner.pseudonymised.hashing import LEFT_OUT, Pseudonyms
from recon_kit.runner.stages import Stage, chosen_stages
from recon_kit.runner.swap import partial_of, put_in_place

PSEUDONYMISED = ".pseudonymised"
_FIRST_PAGE = "04"
_MARK = "pseudonymised"


_ORIGIN = (
    "This pack was made from the close {close}, whose manifest has the SHA-256 {digest}. Names, e-mail addresses, "
    "domains, phone numbers and addresses are keyed hashes, the same wherever the same value stood; free text is left "
    "out. Ids, amounts and dates are those of the close. Its raw data, inputs, workbooks and pages 1 to 3 are not part "
    "of this pack."
)


def is_pseudonymised(manifest: dict[str, Any]) -> bool:
    """Tell from its manifest whether a folder is a pseudonymised pack and no close."""
    return _MARK in manifest


def write_pseudonymised(folder: Path, key: bytes) -> Path:
    """Make the pack of a finished close, ``<close>.pseudonymised``; an earlier one is replaced.

    Args:
        folder: the close; it is only read.
        key: of the hashes.

    Returns:
        The pack: ``tables/``, ``notebooks/`` and ``html/`` from page 04 on, ``manifest.json`` (of its tables, with the
        digest of the close's manifest) and ``pack.json``.

    Raises:
        NotPseudonymous: somebody could still be found in it, or a figure differs; nothing is left in its place.
        StageFailed: a notebook failed.
    """
    close = CloseFolder(folder.resolve())
    place = close.path.with_name(close.path.name + PSEUDONYMISED)
    partial = partial_of(place)
    shutil.rmtree(partial, ignore_errors=True)
    pack = CloseFolder(partial).create()
    try:
        _fill(pack, close, Pseudonyms(key))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    put_in_place(partial, place)
    return place


def _fill(pack: CloseFolder, close: CloseFolder, pseudonyms: Pseudonyms) -> None:
    manifest = read_json(close.path / MANIFEST)
    _write_tables(pack, close, pseudonyms)
    _write_inputs(pack, close, pseudonyms)
    with tempfile.TemporaryDirectory(prefix="recon-pack-") as scratch:
        params = Path(scratch) / "params.yaml"
        params.write_text(yaml.safe_dump(_params(manifest, pseudonyms)), encoding="utf-8")
        stages = [stage for stage in chosen_stages() if stage.name >= _FIRST_PAGE]
        for stage in stages:
            _execute(stage, pack, params)
        require_same_figures(close, pack)
        run = open_run("close", params=str(params), close_dir=str(pack.path))
        _write_manifest(pack, close, manifest)
        _write_pages(run, stages, close)
    for part in (pack.raw, pack.inputs):
        shutil.rmtree(part)
    require_nobody_told(pack.path, pseudonyms.telling)
    write_pack(pack.path)


def _write_tables(pack: CloseFolder, close: CloseFolder, pseudonyms: Pseudonyms) -> None:
    # Tables with names come first, so that those with sentences know every name to look for.
    names = sorted((file.stem for file in close.tables.glob("*.parquet")), key=lambda name: (name in _SENTENCES, name))
    for name in names:
        pack.write_table(name, pseudonyms.table(name, close.read_table(name).collect()))


_SENTENCES = ("approvals", "bridge", "dismissals", "not_testable")


def _write_inputs(pack: CloseFolder, close: CloseFolder, pseudonyms: Pseudonyms) -> None:
    """Lay out what notebooks read besides tables: rates, the close before, and the decisions without their words."""
    if (close.raw / "fx").is_dir():
        shutil.copytree(close.raw / "fx", pack.raw / "fx")
    for file in sorted((close.inputs / "previous").glob("*.parquet")):
        pack.write(
            pack.inputs / "previous" / file.name, parquet_bytes(pseudonyms.table(file.stem, pl.read_parquet(file)))
        )
    if entries := [
        _without_words(decision, pseudonyms)
        for decision in journal.read_journal(close.inputs / journal.COPY, has_head=False).decisions
    ]:
        journal.append_all(pack.inputs / journal.COPY, lambda _: entries)


def _without_words(decision: journal.Decision, pseudonyms: Pseudonyms) -> journal.Entry:
    said = decision.model_dump(include=set(journal.Entry.model_fields))
    return journal.Entry.model_validate({**said, "by": pseudonyms.of(decision.by), "reason": LEFT_OUT})


def _params(manifest: dict[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    """Rebuild the settings of the close; nothing is read from the systems any more."""
    kept = {name: manifest["params"][name] for name in ("profile", "source") if name in manifest["params"]}
    return {**kept, "as_of": manifest["as_of"], "policy": pseudonyms.settings(manifest["policy"]), "previous": "none"}


def _execute(stage: Stage, pack: CloseFolder, params: Path) -> None:
    """Run a notebook and take the folders of this machine out of it, which may hold a person's name."""
    target = pack.notebooks / f"{stage.name}.ipynb"
    execute(stage, target, {"params": str(params), "close_dir": str(pack.path)})
    text = target.read_text(encoding="utf-8")
    for folder in (pack.path.parent, params.parent, REPOSITORY, Path.home()):
        text = text.replace(f"{folder}/", "").replace(str(folder), ".") if str(folder) != "/" else text
    write_atomically(target, text.encode())


def _write_manifest(pack: CloseFolder, close: CloseFolder, manifest: dict[str, Any]) -> None:
    files = {
        file.relative_to(pack.path).as_posix(): {
            "sha256": digest_file(file),
            "bytes": file.stat().st_size,
            "rows": pl.scan_parquet(file).select(pl.len()).collect().item(),
        }
        for file in sorted(pack.tables.glob("*.parquet"))
    }
    origin = {"close": close.path.name, "manifest_sha256": digest_file(close.path / MANIFEST), "hashes": "HMAC-SHA256"}
    kept = {name: manifest[name] for name in ("as_of", "recon_kit", "code", "common_rates")}
    pack.write(pack.path / MANIFEST, canonical_json({**kept, _MARK: origin, "files": files}))


def _write_pages(run: Run, stages: Sequence[Stage], close: CloseFolder) -> None:
    digest = digest_file(run.folder.path / MANIFEST)
    told = (_ORIGIN.format(close=close.path.name, digest=digest_file(close.path / MANIFEST)),)
    lines = {
        "Close": run.as_of.isoformat(),
        "Manifest SHA-256": digest,
        "Prepared by": "",
        "Reviewed by": "",
        "Date": "",
    }
    for stage in stages:
        source, page = run.folder.notebooks / f"{stage.name}.ipynb", run.folder.html / f"{stage.name}.html"
        export_notebook(source, page, title=stage.question, sign_off=lines)
    context = index_context(run, stages, digest)
    shown = [entry for entry in context.pages if entry.href]
    render_index(
        run.folder.path,
        run.folder.html / "index.html",
        replace(context, supersedes=told, pages=shown, written_later=(MANIFEST, PACK)),
    )
