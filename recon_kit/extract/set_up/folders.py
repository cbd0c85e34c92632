"""Is what the params say of folders there? For sources of kind sample and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.extract.exports import read_mapped
from recon_kit.extract.raw_files import layout_files
from recon_kit.extract.set_up.finding import fault, ok
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import SettingsError
from recon_kit.schemas.raw import OBJECTS
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recon_kit.extract.set_up.finding import Finding
    from recon_kit.params import Params

_FOLDERS = {"sample", "files"}
_SYSTEMS = ("stripe", "salesforce", "ledger", "bank")


def folder_findings(params: Params) -> Iterator[Finding]:
    """Check each source that is read from files: its folder, its required files, the exports that columns names."""
    kinds = {system: getattr(params.source, system) for system in _SYSTEMS}
    roots: dict[str, Path] = {}
    for system, source in kinds.items():
        if source.kind not in _FOLDERS:
            continue
        root = SAMPLE_FOLDER if source.kind == "sample" else _root(params.resolve(source.path or ""), system)
        if root.is_dir():
            roots[system] = root
        else:
            yield fault(system, f"there is no folder {source.path!r} beside the params file. Correct the path.")
    try:
        exported = {
            f"{feed.source}/{feed.object_name}" for export in read_mapped(params, roots) for feed in export.feeds
        }
    except (SettingsError, SchemaError) as faults:
        yield fault("exports", str(faults))
        return
    for system, root in roots.items():
        yield from _file_findings(system, root, exported)


def _root(given: Path, system: str) -> Path:
    return given if (given / system).is_dir() or not (given / "raw").is_dir() else given / "raw"


def _file_findings(system: str, root: Path, exported: set[str]) -> Iterator[Finding]:
    known, _ = layout_files(root / system, system)
    present = {*known.values(), *(name.split("/")[1] for name in exported if name.startswith(f"{system}/"))}
    missing = [f"{system}/{raw.name}" for raw in OBJECTS.get(system, ()) if raw.required and raw.name not in present]
    if missing:
        yield fault(
            system, f"required files are missing: {', '.join(missing)}. Put them into {root.name}, or map an export."
        )
    elif present:
        yield ok(system, f"{len(known)} files of {len(present)} objects")
    else:
        yield fault(system, f"the folder {root.name} holds no files of it. Put them there, or set its kind to none.")
