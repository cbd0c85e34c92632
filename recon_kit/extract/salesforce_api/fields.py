"""Which fields of each object are asked for: those of the field map that the org has and the user may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recon_kit.field_map import DEFAULT_FIELDS, OBJECT_OF, REQUIRED, SUPPORTING_FIELDS, columns_named, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from recon_kit.field_map import FieldMap

    Describe = Mapping[str, Any]

IS_DELETED = "IsDeleted"
_ALWAYS = ("Id", IS_DELETED, "MasterRecordId")
_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
_EDITED = ("LastModifiedDate", "SystemModstamp")
_UNREADABLE_TYPES = {"address", "location", "base64", "complexvalue"}
"""Compound and binary fields, which a Bulk query refuses; their parts are fields of their own."""
_NUMBERS = {"double", "currency", "percent", "int", "long"}
_PART_OF = {object_name: part for part, object_name in OBJECT_OF.items()}
_CONTRACT = "Contract"


@dataclass(frozen=True)
class Selection:
    """What is asked of one object.

    Attributes:
        object_name: API name.
        columns: API names, related ones as ``Owner.Name``, in the order of the file.
        numbers: columns whose values are numbers.
        stamp: the column that tells when a row last changed; none where the object has none.
        related: by the column that names a related record: the objects it may be of, and their stamps.
        has_formulas: whether a column is a formula, which changes without the row's stamp.
        believed: columns of related objects that nothing tells of; Salesforce may refuse them.
    """

    object_name: str
    columns: tuple[str, ...]
    numbers: frozenset[str]
    stamp: str | None
    related: Mapping[str, Mapping[str, str]]
    has_formulas: bool
    believed: frozenset[str] = frozenset()

    @property
    def soql(self) -> str:
        """The query for all rows."""
        return f"SELECT {', '.join(self.columns)} FROM {self.object_name}"  # noqa: S608  (names from describe)

    def without(self, columns: Collection[str]) -> Selection:
        """Leave out columns."""
        return replace(self, columns=tuple(column for column in self.columns if column not in columns))


def select_fields(
    object_name: str, described: Describe, overrides: FieldMap, describe_related: Callable[[str], Describe | None]
) -> Selection:
    """Choose the columns of an object.

    Args:
        object_name: API name.
        described: its describe.
        overrides: the params' ``fields``.
        describe_related: describes another object; none where the user does not see it.

    Returns:
        The columns that every source of the field map finds, ``Id`` first and the stamps last; only such that exist.
    """
    own = {field["name"]: field for field in described["fields"] if field.get("type") not in _UNREADABLE_TYPES}
    named = [source.removeprefix(f"{object_name}.") for source in _sources(object_name, overrides)]
    plain = columns_named([name for name in named if "." not in name or name in own], own, object_name)
    dotted = _related_columns([name for name in named if "." in name and name not in own], own, describe_related)
    first = [name for name in _ALWAYS if name in own]
    last = [name for name in reversed(_STAMPS) if name in own]
    middle = [name for name in dict.fromkeys([*plain, *dotted]) if name not in {*first, *last}]
    columns = (*first, *middle, *last)
    fields = {name: dotted[name].field if name in dotted else own[name] for name in columns}
    return Selection(
        object_name=object_name,
        columns=columns,
        numbers=frozenset(name for name, field in fields.items() if field.get("type") in _NUMBERS),
        stamp=next((name for name in _STAMPS if name in own), None),
        related={
            key: _stamps_of(own[key].get("referenceTo") or (), describe_related)
            for key in sorted({one.key for one in dotted.values()})
        },
        has_formulas=any(field.get("calculated") for field in fields.values()),
        believed=frozenset(name for name, one in dotted.items() if not one.field),
    )


def _sources(object_name: str, overrides: FieldMap) -> list[str]:
    """List what the field map reads from an object; what it reads from an opportunity's Contract belongs to that."""
    part = _PART_OF.get(object_name)
    keys = {**DEFAULT_FIELDS[part], **overrides.get(part, {})} if part else SUPPORTING_FIELDS[object_name]
    sources = [source for names in keys.values() for source in names]
    if object_name == OBJECT_OF["contract"]:
        return [source for source in sources if not source.startswith(f"{_CONTRACT}.")]
    if object_name == _CONTRACT:
        borrowed = {**DEFAULT_FIELDS["contract"], **overrides.get("contract", {})}.values()
        sources += [name for names in borrowed for name in names if name.startswith(f"{_CONTRACT}.")]
    return sources


@dataclass(frozen=True)
class _Related:
    key: str
    field: Mapping[str, Any]


def _related_columns(
    names: Sequence[str], own: Mapping[str, Any], describe_related: Callable[[str], Describe | None]
) -> dict[str, _Related]:
    """Find the columns ``Relationship.Field`` that exist, and the own field that each goes through."""
    found: dict[str, _Related] = {}
    by_relationship = {
        field["relationshipName"].lower(): field for field in own.values() if field.get("relationshipName")
    }
    for name in names:
        relationship, _, wanted = name.partition(".")
        through = by_relationship.get(relationship.lower())
        if through is None:
            continue
        fields = _fields_beyond(through, describe_related)
        if fields is None:  # the object itself is hidden, while what refers to it is not: believe the map
            fields = {} if "*" in wanted else {wanted: {}}
        for column in columns_named([wanted], fields, ""):
            found[f"{through['relationshipName']}.{column}"] = _Related(through["name"], fields[column])
    return found


def _stamps_of(targets: Iterable[str], describe_related: Callable[[str], Describe | None]) -> dict[str, str]:
    """Find what tells when a record of each target last changed; logins move the first of the stamps of a user."""
    names = {
        target: {field["name"] for field in (describe_related(target) or {"fields": ()})["fields"]}
        for target in targets
    }
    stamps = {target: next((name for name in _EDITED if name in names[target]), None) for target in names}
    return {target: stamp for target, stamp in stamps.items() if stamp}


def _fields_beyond(
    through: Mapping[str, Any], describe_related: Callable[[str], Describe | None]
) -> dict[str, Mapping[str, Any]] | None:
    """Return the fields that every object a reference may point to has; none where no object can be described."""
    targets = [describe_related(target) for target in through.get("referenceTo") or ()]
    seen = [{field["name"]: field for field in target["fields"]} for target in targets if target]
    if not seen:
        return None
    return {name: field for name, field in seen[0].items() if all(name in other for other in seen)}


def faults_of(object_name: str, described: Describe, selection: Selection, overrides: FieldMap) -> list[str]:
    """Say which required fields, and which fields that an override names, an object lacks.

    Returns:
        One sentence per fault: object, key of the map, what was looked for, the nearest field, what to do.
    """
    part = _PART_OF.get(object_name)
    if part is None:
        return []
    present = [str(field["name"]) for field in described["fields"]]
    given = overrides.get(part, {})
    wanted = {**DEFAULT_FIELDS[part], **given}
    lacking = {key for key, names in given.items() if not _finds(names, selection)}
    lacking |= {group[0] for group in REQUIRED[part] if not any(_finds(wanted[key], selection) for key in group)}
    return [_absence(object_name, f"{part}.{key}", wanted[key], present) for key in wanted if key in lacking]


def unread_keys(selection: Selection, overrides: FieldMap) -> dict[str, Sequence[str]]:
    """List the keys of the field map that an object has no field for, and where each was looked for."""
    part = _PART_OF.get(selection.object_name)
    wanted = {**DEFAULT_FIELDS[part], **overrides.get(part, {})} if part else {}
    return {key: names for key, names in wanted.items() if not _finds(names, selection)}


def _finds(names: Iterable[str], selection: Selection) -> bool:
    borrowed = [name for name in names if name.startswith(f"{_CONTRACT}.")]
    return bool(borrowed or columns_named(list(names), selection.columns, selection.object_name))


def _absence(object_name: str, key: str, names: Sequence[str], present: Sequence[str]) -> str:
    sought = " or ".join(names) or "(nothing)"
    return (
        f"{object_name} has no field {sought} that this user may see, which the field map reads {key} from"
        f"{nearest(names[0] if names else key, present)} Grant the user read access to the field, or name the right "
        f"one in params under fields.{key}."
    )
