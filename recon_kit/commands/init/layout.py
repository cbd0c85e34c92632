"""Files that are of the raw layout already: Stripe's JSON lines, Salesforce's CSV with API names; their overrides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recon_kit.commands.init.matching import FieldMatch, match_fields
from recon_kit.commands.init.objects import MEANT_BY_VALUES, kind_of
from recon_kit.commands.init.recurring_amounts import stated_amounts
from recon_kit.commands.init.spellings import SPELLINGS
from recon_kit.commands.init.survey import SeenFile
from recon_kit.extract.raw_files import object_of
from recon_kit.field_map import DEFAULT_FIELDS, OBJECT_OF, REQUIRED
from recon_kit.normalise.salesforce import field_map
from recon_kit.schemas.raw import OBJECTS, SALESFORCE, STRIPE

_PART_OF = {object_name: part for part, object_name in OBJECT_OF.items()}


@dataclass(frozen=True)
class LayoutFile:
    """A file the close reads as it is.

    Attributes:
        found: our field to the present columns it is read from by default; empty for JSON lines.
        overrides: our field to the column proposed instead, where the default columns are absent.
        lacking: groups of required fields none of which has a column.
    """

    object_name: str
    file: SeenFile
    found: dict[str, list[str]] = field(default_factory=dict)
    overrides: dict[str, FieldMatch] = field(default_factory=dict)
    lacking: list[list[str]] = field(default_factory=list)

    @property
    def part(self) -> str | None:
        """The part of the field map it is read by."""
        return _PART_OF.get(self.object_name.rsplit("/", 1)[-1])

    def column_of(self, key: str) -> str | None:
        """Name the column that one of our fields is read from, by default or by the proposal."""
        columns = self.found.get(key, [])
        override = self.overrides.get(key)
        return override.header if override else columns[0] if columns else None


def home_of(folder: Path, system: str) -> str:
    """Tell where a close looks for the files of a system: ``raw/`` below the folder, or the folder itself (empty)."""
    is_in_raw = (folder / "raw").is_dir() and not (folder / system).is_dir()
    return "raw/" if is_in_raw else ""


def layout_object(file: SeenFile, folder: Path) -> str | None:
    """Tell which object a file of the raw layout holds; none for a file that is not of it."""
    for system in (STRIPE, SALESFORCE):
        place, _, name = file.name.rpartition("/")
        if place == f"{home_of(folder, system)}{system}":
            object_name = object_of(system, name)
            return f"{system}/{object_name}" if object_name else None
    return None


def read_layout(file: SeenFile, object_name: str) -> LayoutFile | None:
    """Read a file as one of the raw layout.

    Returns:
        None for a CSV whose columns are labels rather than API names: it is an export under a name of the layout.
    """
    if file.is_json:
        return LayoutFile(object_name, file)
    salesforce_name = object_name.rsplit("/", 1)[-1]
    part = _PART_OF.get(salesforce_name)
    if part is None:
        present = {name.lower() for name in file.header}
        return LayoutFile(object_name, file) if "id" in present else None
    found = field_map.resolve(part, {}, file.header)
    if not found["id"]:
        return None
    overrides = _overrides(part, file, found)
    lacking = [list(group) for group in REQUIRED[part] if not any(found[key] or key in overrides for key in group)]
    return LayoutFile(object_name, file, found, overrides, lacking)


def _overrides(part: str, file: SeenFile, found: dict[str, list[str]]) -> dict[str, FieldMatch]:
    """Propose a column for each of our fields whose default columns are absent."""
    object_name = f"{SALESFORCE}/{OBJECT_OF[part]}"
    used = {column for columns in found.values() for column in columns}
    columns = [name for name in file.header if name not in used]
    keys = {}
    for key, defaults in DEFAULT_FIELDS[part].items():
        own = [name for name in defaults if name in SPELLINGS[object_name]]
        if own and not any(column for column in found[key] if not _is_fallback(part, key, column)):
            keys[own[0]] = key
    spellings = {name: SPELLINGS[object_name][name] for name in keys}
    kinds = {name: kind for name in keys if (kind := kind_of(object_name, name))}
    matches = match_fields({name: file.signs[name] for name in columns}, spellings, kinds, by_values=MEANT_BY_VALUES)
    proposed = {keys[match.field]: match for match in matches}
    stated = stated_amounts(file)
    if part == "contract" and stated and not found["amount"] and "amount" not in proposed:
        proposed["amount"] = stated[0].as_amount("amount")
    return proposed


def _is_fallback(part: str, key: str, column: str) -> bool:
    """Tell whether a column only stands in for the field: the close date for a start, the type for a status."""
    return (part, key, column) in {("contract", "start_on", "CloseDate"), ("account", "status", "Type")}


def override_columns(part: str, key: str, match: FieldMatch) -> list[str]:
    """Name the columns of an override: the proposed one first, then the defaults that stand in where it is empty."""
    fallbacks = [name for name in DEFAULT_FIELDS[part][key] if "*" not in name]
    return list(dict.fromkeys([match.header, *fallbacks[1:]]))


def misplaced(object_type: str | None) -> str:
    """Say what to do with JSON lines that are not where the close looks for them."""
    names = {raw.name for raw in OBJECTS[STRIPE]}
    plural = f"{object_type}s" if object_type else None
    if plural in names:
        return f"holds Stripe {plural} as JSON lines, which are read as stripe/{plural}.jsonl: move it there"
    return "is no file of the raw layout: JSON lines are read as stripe/customers.jsonl, stripe/subscriptions.jsonl, …"
