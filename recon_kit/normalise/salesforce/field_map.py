"""Which columns of a file each of our fields is read from, by the field map and what the params override in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.field_map import DEFAULT_FIELDS, OBJECT_OF, REQUIRED, SUPPORTING_FIELDS, columns_named, nearest
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon_kit.field_map import FieldMap


def resolve(part: str, overrides: FieldMap, columns: Iterable[str]) -> dict[str, list[str]]:
    """Find the columns that each key of a part of the map is read from.

    Args:
        part: ``account``, ``contract`` or ``line``.
        overrides: the params' ``fields``; a key's list replaces the default one.
        columns: the columns present, spelt as in the file; case does not matter.

    Returns:
        Per key, the present columns in order of precedence; an empty list where there is none.

    Raises:
        SchemaError: an override names no column that is present. The message names the object, the key, the columns
            looked for, and the nearest one present.
    """
    given = overrides.get(part, {})
    present = list(columns)
    found = _found(part, overrides, present)
    lacking = [key for key in given if not found[key]]
    if lacking:
        raise SchemaError("\n".join(_absence(OBJECT_OF[part], part, key, given[key], present) for key in lacking))
    return found


def require_columns(part: str, overrides: FieldMap, columns: Iterable[str], *, file: str) -> None:
    """Refuse a file that lacks a column without which its object cannot be read.

    Raises:
        SchemaError: names the object, the file, the key of the map, the columns looked for, and the nearest present.
    """
    present = list(columns)
    found = _found(part, overrides, present)
    wanted = {**DEFAULT_FIELDS[part], **overrides.get(part, {})}
    lacking = [group for group in REQUIRED[part] if not any(found[key] for key in group)]
    if lacking:
        where = f"{OBJECT_OF[part]} ({file})"
        absences = [_absence(where, part, key, wanted[key], present) for group in lacking for key in group[:1]]
        alternatives = [
            f"{part}.{group[1]} ({' or '.join(wanted[group[1]])}) would do instead of {part}.{group[0]}."
            for group in lacking
            if len(group) > 1
        ]
        raise SchemaError("\n".join([*absences, *alternatives]))


def _found(part: str, overrides: FieldMap, present: list[str]) -> dict[str, list[str]]:
    wanted = {**DEFAULT_FIELDS[part], **overrides.get(part, {})}
    return {key: columns_named(names, present, OBJECT_OF[part]) for key, names in wanted.items()}


def resolve_supporting(object_name: str, columns: Iterable[str]) -> dict[str, list[str]]:
    """Find the present columns of an object that is not mapped; none of them is required."""
    present = list(columns)
    return {key: columns_named(names, present, object_name) for key, names in SUPPORTING_FIELDS[object_name].items()}


def contract_columns(overrides: FieldMap, columns: Iterable[str]) -> list[str]:
    """Find the opportunity's columns that name its Contract."""
    return _found("contract", overrides, list(columns))["contract_id"]


def absent_overrides(part: str, overrides: FieldMap, columns: Iterable[str]) -> list[str]:
    """List columns that an override names beside others and that are not there: perhaps misspelt, so worth a note."""
    present = list(columns)
    named = [name for names in overrides.get(part, {}).values() for name in names]
    return [name for name in named if not columns_named([name], present, OBJECT_OF[part])]


def _absence(where: str, part: str, key: str, names: Sequence[str], columns: list[str]) -> str:
    sought = " or ".join(names) or "(nothing)"
    return (
        f"{where} has no column {sought}, which the field map reads {part}.{key} from"
        f"{nearest(names[0] if names else key, columns)} "
        f"Add the column to the export, or name the right one in params under fields.{part}.{key}."
    )
