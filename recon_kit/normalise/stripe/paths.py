"""Candidate paths: where each Stripe API version keeps a field, and the expression that takes the first not null."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import polars as pl

from recon_kit import money

Spec = dict[str, object]
Paths = str | tuple[str, ...]
At = Callable[[str], pl.Expr]


@dataclass(frozen=True)
class Field:
    """One field of a record as text.

    Attributes:
        name: column it becomes; names ending in ``_id`` are references, of which only the id is kept.
        paths: candidate paths, newest API version first: ``parent.subscription_details.subscription``;
            ``taxes[].amount`` is the list of that field over the elements of ``taxes``, ``discounts[]`` the elements.
        combine: in place of taking the first that is not null: an expression, given what reaches a path.
    """

    name: str
    paths: tuple[str, ...]
    combine: Callable[[At], pl.Expr] | None = None

    def of(self, record: pl.Expr) -> pl.Expr:
        """Return the field of a parsed record, a struct."""
        value = self.combine(lambda path: access(record, path)) if self.combine else self._first(record)
        return value.alias(self.name)

    def _first(self, record: pl.Expr) -> pl.Expr:
        return pl.coalesce([access(record, path) for path in self.paths])


@dataclass(frozen=True)
class Shape:
    """Everything that is read of one object: its fields, inside the list ``each`` when they are elements of one.

    Attributes:
        fields: what is read, as text.
        each: the list, else none.
        amounts: fields that are whole amounts in Stripe's unit of the record's currency.
        spec: what ``json_transform`` is asked for.
    """

    fields: tuple[Field, ...]
    each: str | None = None
    amounts: tuple[str, ...] = ()
    spec: Spec = field(init=False)

    def __post_init__(self) -> None:
        spec: Spec = {}
        for path in (path for one in self.fields for path in one.paths):
            _grow(spec, path)
        object.__setattr__(self, "spec", _inside_list(spec, self.each) if self.each else spec)

    def with_amounts(self, *names: str) -> Shape:
        """Say which fields are amounts."""
        return replace(self, amounts=names)

    @property
    def names(self) -> list[str]:
        """The columns the fields become."""
        return [one.name for one in self.fields]

    @property
    def moments(self) -> list[str]:
        """Stems of the fields that are instants: ``created`` of ``created_seconds``."""
        return [name.removesuffix("_seconds") for name in self.names if name.endswith("_seconds")]

    @property
    def lists(self) -> set[str]:
        """Names of the fields that are lists of text."""
        return {one.name for one in self.fields if one.combine is None and "[]" in one.paths[0]}

    def length(self) -> pl.Expr:
        """Count the elements of the list in a parsed record ``o``."""
        return access(pl.col("o"), self.each or "").list.len()

    def of(self, parsed: pl.DataFrame) -> pl.DataFrame:
        """Take the fields out of parsed records.

        Args:
            parsed: with ``o``, the record as a struct, and columns that are kept.

        Returns:
            One row per record, or per element with its ``position`` from 1; fields as text, references as ids.
        """
        rows = parsed if self.each is None else _elements(parsed, self.each)
        kept = [name for name in rows.columns if name != "o"]
        return _with_ids(rows.select(*kept, *(one.of(pl.col("o")) for one in self.fields)), self.names)


_OF_RECORDS = frozenset({"o", "digest", "keys", "is_object"})


def _elements(parsed: pl.DataFrame, each: str) -> pl.DataFrame:
    kept = [name for name in parsed.columns if name not in _OF_RECORDS]
    listed = parsed.select(*kept, o=access(pl.col("o"), each)).filter(pl.col("o").list.len() > 0)
    numbered = listed.with_columns(position=pl.int_ranges(1, pl.col("o").list.len().cast(pl.Int64) + 1))
    return numbered.explode("o", "position")


def _with_ids(rows: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Replace references that are expanded objects by their ids; looking for JSON costs, so only where there is any."""
    is_expanded = {name: rows[name].str.starts_with("{") for name in names if name.endswith("_id")}
    return rows.with_columns(
        pl.when(mask).then(pl.col(name).str.json_path_match("$.id")).otherwise(name).alias(name)
        for name, mask in is_expanded.items()
        if mask.any()
    )


def parsed(lines: str, spec: Spec) -> str:
    """Return SQL that parses lines.

    It gives ``digest`` of the bytes; ``o``, the fields asked for, null where the line is no JSON; ``keys``, the digest
    of the names of its keys; ``head``: null where the line begins with a brace, as nearly all do, else the first
    character that is not blank, or nothing. Only odd lines are looked at twice, for trimming copies them.
    """
    return f"""
        select hash(text) as digest, try(json_transform(text, '{json.dumps(spec)}')) as o,
               try(hash(json_keys(text))) as keys,
               case when not coalesce(starts_with(text, '{{'), false)
                    then left(ltrim(coalesce(text, ''), E' \\t\\r\\n\\x0b\\x0c'), 1) end as head
        from ({lines})"""  # noqa: S608  (file names are quoted)


def records_in(batch: pl.DataFrame) -> pl.DataFrame:
    """Take the records out of what ``parsed`` gives: leave blank lines out, and tell which are objects."""
    usual = batch["head"].null_count() == batch.height
    lines = batch if usual else batch.filter(pl.col("head").ne_missing(""))
    told = lines.with_columns(is_object=pl.col("o").is_not_null() & pl.col("head").fill_null("{").eq("{")).drop("head")
    return told if usual else told.with_columns(o=pl.when("is_object").then("o"))


def union(first: Spec, second: Spec) -> Spec:
    """Return the spec of everything that either of two specs names."""
    return {**first, **{key: _united(first[key], value) if key in first else value for key, value in second.items()}}


def _united(one: object, other: object) -> object:
    if isinstance(one, dict) and isinstance(other, dict):
        return union(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return [_united(one[0], other[0])]
    return other


def access(record: pl.Expr, path: str) -> pl.Expr:
    """Return the expression that reaches a path inside a record; ``taxes[].amount`` is a list."""
    before, bracket, after = path.partition("[]")
    place = _step_in(record, before)
    return place.list.eval(_step_in(pl.element(), after.removeprefix("."))) if bracket and after else place


def _step_in(place: pl.Expr, path: str) -> pl.Expr:
    for step in path.split("."):
        place = place.struct.field(step)
    return place


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


def total(name: str, *paths: str, otherwise: str | None = None) -> Field:
    """Declare a sum over the elements of a list, else of the next list; a path without list stands for itself."""

    def combine(at: At) -> pl.Expr:
        parts = [whole_sum(at(path)) if "[]" in path else at(path) for path in paths]
        return pl.coalesce([*parts, pl.lit(otherwise, dtype=pl.String)])

    return Field(name, paths, combine)


def least(*paths: str) -> Callable[[At], pl.Expr]:
    """Take the smallest text of a list, else of the next; a path without list stands for itself."""
    return lambda at: pl.coalesce([_end_of(at(path), 0) if "[]" in path else at(path) for path in paths])


def greatest(*paths: str) -> Callable[[At], pl.Expr]:
    """Take the largest text of a list, else of the next; a path without list stands for itself."""
    return lambda at: pl.coalesce([_end_of(at(path), -1) if "[]" in path else at(path) for path in paths])


def _end_of(texts: pl.Expr, place: int) -> pl.Expr:
    return texts.list.drop_nulls().list.sort().list.get(place, null_on_oob=True)


def whole_sum(amounts: pl.Expr) -> pl.Expr:
    """Sum a list of whole numbers, as text; where one is no whole number, text that no parser takes for an amount."""
    numbers = amounts.list.eval(money.integer_text(pl.element()))
    unread = numbers.list.len() > numbers.list.drop_nulls().list.len()
    return (
        pl.when(amounts.list.len().fill_null(0) == 0)
        .then(pl.lit(None, dtype=pl.String))
        .when(unread)
        .then(amounts.list.eval(pl.element().fill_null("nothing")).list.join(" + "))
        .otherwise(numbers.list.sum().cast(pl.String))
    )
