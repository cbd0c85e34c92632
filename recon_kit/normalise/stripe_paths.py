"""Candidate paths: where each Stripe API version keeps a field, and the SQL that takes the first that is not null."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

Spec = dict[str, object]
Paths = str | tuple[str, ...]

MACROS = """
create or replace temp macro id_of(value) as
    case when starts_with(value, '{') then json_extract_string(value, '$.id') else value end;
create or replace temp macro whole_sum(amounts) as
    case when coalesce(len(amounts), 0) = 0 then null
         when len(list_filter(amounts, lambda a: not regexp_full_match(coalesce(a, ''), '-?[0-9]{1,17}'))) > 0
         then array_to_string(amounts, ' + ')
         else list_sum(list_transform(amounts, lambda a: try_cast(a as bigint)))::varchar end;
"""
"""``id_of``: the id of a reference that may be expanded. ``whole_sum``: a sum of whole numbers as text; where one of
them is no whole number, text that shows them and that no parser takes for an amount."""


@dataclass(frozen=True)
class Field:
    """One field of a record as text.

    Attributes:
        name: column it becomes; names ending in ``_id`` are references, of which only the id is kept.
        paths: candidate paths, newest API version first: ``parent.subscription_details.subscription``;
            ``taxes[].amount`` is the list of that field over the elements of ``taxes``, ``discounts[]`` the elements.
        sql: an expression over those paths in place of taking the first that is not null; ``{0}`` is the first path.
    """

    name: str
    paths: tuple[str, ...]
    sql: str | None = None

    @property
    def expression(self) -> str:
        """SQL over the parsed record ``o``."""
        places = [access(path) for path in self.paths]
        if self.sql is not None:
            return self.sql.format(*places)
        if self.name.endswith("_id"):
            places = [f"id_of({place})" for place in places]
        return places[0] if len(places) == 1 else f"coalesce({', '.join(places)})"


@dataclass(frozen=True)
class Shape:
    """Everything that is read of one object: its fields, inside the list ``each`` when they are elements of one."""

    fields: tuple[Field, ...]
    each: str | None = None
    spec: Spec = field(init=False)

    def __post_init__(self) -> None:
        spec: Spec = {}
        for path in (path for one in self.fields for path in one.paths):
            _grow(spec, path)
        object.__setattr__(self, "spec", _inside_list(spec, self.each) if self.each else spec)

    @property
    def names(self) -> list[str]:
        """The columns the fields become."""
        return [one.name for one in self.fields]

    def select(self, lines: str) -> str:
        """Return SQL: one row per line (or element): ``line``, the fields, and of lines ``is_object``, ``digest``."""
        parsed = f"""
            select line, digest, is_object,
                   case when is_object then json_transform(text, '{json.dumps(self.spec)}') end as o
            from (select line, text, hash(text) as digest,
                         starts_with(ltrim(text), '{{') and json_valid(text) as is_object
                  from ({lines}) where trim(text) <> '')"""  # noqa: S608  (paths and file names are our own)
        columns = ", ".join(f'{one.expression} as "{one.name}"' for one in self.fields)
        if self.each is None:
            return f"select line::bigint as line, digest, is_object, {columns} from ({parsed})"  # noqa: S608
        return f"""
            select line::bigint as line, position, {columns}
            from (select line, unnest({access(self.each)}) as o,
                         unnest(range(1, len({access(self.each)}) + 1)) as position from ({parsed}))"""  # noqa: S608


def access(path: str) -> str:
    """Return SQL that reaches a path inside ``o``."""
    before, bracket, after = path.partition("[]")
    place = ".".join(["o", *(f'"{step}"' for step in before.split("."))])
    if not bracket or not after:
        return place
    inner = ".".join(["e", *(f'"{step}"' for step in after.removeprefix(".").split("."))])
    return f"list_transform({place}, lambda e: {inner})"


def _inside_list(spec: Spec, each: str) -> Spec:
    *outer, last = each.split(".")
    nested: Spec = {last: [spec]}
    for step in reversed(outer):
        nested = {step: nested}
    return nested


def _grow(spec: Spec, path: str) -> None:
    head, dot, rest = path.partition(".")
    if head.endswith("[]"):
        name = head.removesuffix("[]")
        if not dot:
            spec[name] = ["VARCHAR"]
            return
        elements = spec.setdefault(name, [{}])
        _grow(elements[0], rest)  # type: ignore[index]
    elif dot:
        _grow(spec.setdefault(head, {}), rest)  # type: ignore[arg-type]
    else:
        spec[head] = "VARCHAR"


def fields(**candidates: Paths) -> tuple[Field, ...]:
    """Declare fields by name: one path, or several of which the first that is not null counts."""
    return tuple(Field(name, (paths,) if isinstance(paths, str) else paths) for name, paths in candidates.items())


def shape(*special: Field, **candidates: Paths) -> Shape:
    """Declare a record's shape: fields by name (see ``fields``), and those that need an expression of their own."""
    return Shape((*fields(**candidates), *special))


def elements(each: str, /, *special: Field, **candidates: Paths) -> Shape:
    """Declare the shape of the elements of the list ``each`` inside a record."""
    return Shape((*fields(**candidates), *special), each)


def total(name: str, *paths: str) -> Field:
    """Declare a sum over the elements of a list, else of the next list; a path without list stands for itself."""
    parts = [f"whole_sum({{{i}}})" if "[]" in path else f"{{{i}}}" for i, path in enumerate(paths)]
    return Field(name, paths, f"coalesce({', '.join(parts)})")
