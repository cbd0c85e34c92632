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

    @property
    def columns(self) -> str:
        """SQL of the fields over ``o``."""
        return ", ".join(f'{one.expression} as "{one.name}"' for one in self.fields)

    def select(self, lines: str) -> str:
        """Return SQL over rows (``line``, ``text``): ``line``, ``digest``, ``is_object`` and the fields."""
        return self.pick(f"({parsed(lines, self.spec)})")

    def pick(self, source: str) -> str:
        """Return SQL over what ``parsed`` gives: one row per line, or per element with its ``position`` from 1."""
        if self.each is None:
            return f"select line, digest, o is not null as is_object, {self.columns} from {source}"  # noqa: S608
        listed = access(self.each)
        return f"""
            select line, position, {self.columns}
            from (select line, unnest({listed}) as o, unnest(range(1, len({listed}) + 1)) as position
                  from {source})"""  # noqa: S608  (paths are our own)


def parsed(lines: str, spec: Spec) -> str:
    """Return SQL that parses lines: ``line``, ``digest`` of the bytes, ``o``: null where the line is not one object.

    Only lines that are not blank are records. Long texts are not trimmed, for trimming copies them.
    """
    return f"""
        select line::bigint as line, hash(text) as digest,
               case when text[1] = '{{' or starts_with(ltrim(text), '{{')
                    then try(json_transform(text, '{json.dumps(spec)}')) end as o
        from ({lines}) where strlen(text) > 256 or trim(text) <> ''"""  # noqa: S608  (file names are quoted)


def union(first: Spec, second: Spec) -> Spec:
    """Return the spec of everything that either of two specs names."""
    return {**first, **{key: _united(first[key], value) if key in first else value for key, value in second.items()}}


def _united(one: object, other: object) -> object:
    if isinstance(one, dict) and isinstance(other, dict):
        return union(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return [_united(one[0], other[0])]
    return other


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
