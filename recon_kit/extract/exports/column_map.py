"""The column map of the params held against the exports it names: what feeds what, and every fault at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from recon_kit.extract.exports.kinds import REQUIRED, known_fields, stripe_field
from recon_kit.extract.exports.reading import Export, read_export
from recon_kit.policy import SettingsError
from recon_kit.schemas.raw import OBJECTS, SALESFORCE, STRIPE
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon_kit.params import ExportedFile, Params

EXPORTS = "exports"
"""The folder of ``raw/`` in which exports are kept as they came."""
_ALMOST = 0.85


@dataclass(frozen=True)
class Feed:
    """One object that an export gives.

    Attributes:
        source: ``stripe`` or ``salesforce``.
        object_name: as its raw file is called.
        columns: field of the layout -> column of the export as its header spells it.
    """

    source: str
    object_name: str
    columns: dict[str, str]

    @property
    def key(self) -> str:
        """Its name in the column map."""
        return f"{self.source}/{self.object_name}"


@dataclass(frozen=True)
class MappedExport:
    """An export, how it writes its values, and the objects it gives."""

    path: Path
    export: Export
    settings: ExportedFile
    feeds: list[Feed]


def read_mapped(params: Params, roots: Mapping[str, Path]) -> list[MappedExport]:
    """Read every export that the params name, sorted by name.

    Args:
        params: with ``columns``.
        roots: the folder of each source of kind files or sample; an export lies there, or in its ``exports/``.

    Raises:
        SettingsError: one message with every fault: a path that leaves the folder, an absent file, an unknown object,
            an absent or repeated column, a required field without column.
    """
    faults: list[str] = []
    found = []
    for name in sorted(params.columns):
        settings = params.columns[name]
        try:
            path = _locate(name, settings, params, roots)
            named = [pair for columns in settings.objects.values() for pair in columns.items()]
            wanted, keys = [header for _, header in named], [header for field, header in named if field.lower() == "id"]
            export = read_export(path, name, wanted, keys, settings.encoding)
        except (SettingsError, SchemaError) as fault:
            faults.append(str(fault))
            faults += _unknown_objects(name, settings)
            continue
        feeds, lacking = _feeds(name, settings, export)
        faults += lacking
        found.append(MappedExport(path, export, settings, feeds))
    if faults:
        raise SettingsError("\n".join(dict.fromkeys(faults)))
    return found


def _locate(name: str, settings: ExportedFile, params: Params, roots: Mapping[str, Path]) -> Path:
    """Find the file of an export inside the folder of its source."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        message = f"columns: {name!r} leaves the folder of the source. Name a file inside it, relative to its path."
        raise SettingsError(message)
    sources = sorted({key.partition("/")[0] for key in settings.objects} & set(OBJECTS))
    silent = [source for source in sources if getattr(params.source, source).kind != "files"]
    if silent:
        kind = getattr(params.source, silent[0]).kind
        message = (
            f"columns: {name} gives objects of {silent[0]}, but source.{silent[0]} is of kind {kind}. Use kind: files "
            "with the path of the folder that holds the export."
        )
        raise SettingsError(message)
    places = [roots[source] / folder / parts for source in sources or sorted(roots) for folder in ("", EXPORTS)]
    present = [place for place in places if place.is_file()]
    if not present:
        message = f"columns: there is no file {name}{_nearest_file(name, [roots[s] for s in sources])}"
        raise SettingsError(message)
    homes = [root.resolve() for root in roots.values()]
    if not any(present[0].resolve().is_relative_to(home) for home in homes):
        message = f"columns: {name!r} is a link that leaves the folder of the source. Put the file itself there."
        raise SettingsError(message)
    if len({place.read_bytes() for place in present if EXPORTS not in place.parts}) > 1:
        message = f"columns: {name} lies in two source folders with different content. Rename one of them."
        raise SettingsError(message)
    return present[0]


def _nearest_file(name: str, roots: list[Path]) -> str:
    present = sorted({file.name for root in roots if root.is_dir() for file in root.iterdir() if file.is_file()})
    advice = "Put it there, or correct its name in the params."
    return f" in the folder of its source{_nearest(Path(name).name, present)} {advice}"


def _nearest(name: str, candidates: list[str]) -> str:
    lowered = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.0)
    return f"; the nearest is {lowered[close[0]]!r}." if close else "."


def _unknown_objects(name: str, settings: ExportedFile) -> list[str]:
    valid = [f"{source}/{raw.name}" for source, group in OBJECTS.items() for raw in group]
    return [
        f"columns: {name}: {key!r} is no object of the raw layout{_nearest(key, valid)}"
        for key in settings.objects
        if key not in valid
    ]


def _feeds(name: str, settings: ExportedFile, export: Export) -> tuple[list[Feed], list[str]]:
    faults = _unknown_objects(name, settings)
    if not export.header:
        return [], [*faults, f"columns: {name} is empty: it has no header line. Export it again."]
    feeds = []
    for key, columns in settings.objects.items():
        source, _, object_name = key.partition("/")
        faults += _faults_of(name, key, columns, export)
        spelt = {header.lower(): header for header in export.header}
        given = [(field, spelt.get(header.strip().lower(), "")) for field, header in columns.items()]
        named = {_field(source, object_name, field): header for field, header in given}
        feeds.append(Feed(source, object_name, named))
    return feeds, faults


def _field(source: str, object_name: str, field: str) -> str:
    return stripe_field(object_name, field.strip()) if source == STRIPE else field.strip()


def _faults_of(name: str, key: str, columns: Mapping[str, str], export: Export) -> Iterator[str]:
    """List what is wrong with the map of one object."""
    where = f"columns: {name}: {key}"
    source, _, object_name = key.partition("/")
    present = {header.lower() for header in export.header}
    for field, header in columns.items():
        if header.strip().lower() not in present:
            yield f"{where}: {field}: the file has no column {header!r}{_nearest(header.strip(), export.header)}"
    fields = [_field(source, object_name, field) for field in columns]
    lowered = [field.lower() if source == SALESFORCE else field for field in fields]
    for field in sorted({field for field, low in zip(fields, lowered, strict=True) if lowered.count(low) > 1}):
        yield f"{where}: two columns are named for {field}. Keep one."
    for field in fields:
        yield from _misspelt(where, field, fields, source, object_name)
    lacking = [field for field in REQUIRED.get(key, ()) if field.lower() not in {low.lower() for low in lowered}]
    if lacking:
        yield f"{where}: no column is named for {', '.join(lacking)}. Add the field and its header."
    if key == f"{STRIPE}/subscriptions" and "plan.amount" in fields and "plan.interval" not in fields:
        yield f"{where}: plan.amount needs plan.interval: a price without its interval tells no MRR. Name its header."


def _misspelt(where: str, field: str, fields: list[str], source: str, object_name: str) -> Iterator[str]:
    """Refuse a Stripe path that reads like a known one but is none, and one that is the beginning of another."""
    if source != STRIPE or field.startswith("metadata."):
        return
    known = known_fields(source, object_name)
    close = [] if field in known else difflib.get_close_matches(field, known, n=1, cutoff=_ALMOST)
    if close:
        yield f"{where}: there is no field {field}; the nearest is {close[0]!r}."
    if any(other.startswith(f"{field}.") for other in fields):
        yield f"{where}: {field} is both a value and the beginning of another field. Keep one."
