"""Queries answered: which rows, which fields, as JSON records or as CSV."""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from .salesforce_company import NUMERIC, Entity, SalesforceCompany, relationship_of, target_of
from .soql import Comparison, Condition, Joined, Literal, Query, SoqlError, parsed

ADDRESS = {
    "street": "BillingStreet",
    "city": "BillingCity",
    "postalCode": "BillingPostalCode",
    "country": "BillingCountry",
    "countryCode": "BillingCountryCode",
}
KIND_OF = {"date": "day", "datetime": "moment", "boolean": "flag"} | dict.fromkeys(NUMERIC, "number")
WORD_OF = {"day": "date", "moment": "dateTime", "flag": "boolean", "number": "double"}


@dataclass(frozen=True)
class Field:
    """A field asked for: its column, and of a related one the way to it."""

    column: str
    entity: Entity
    relationship: str = ""
    key: str = ""  # the reference that is followed
    target: str = ""
    places: list[int | None] | None = None  # row of the related entity by row of the own one; none: the same row

    @property
    def name(self) -> str:
        """Name below its relationship."""
        return self.column.rpartition(".")[2]

    @property
    def header(self) -> str:
        """Name of a CSV column."""
        return f"{self.relationship}.{self.name}" if self.relationship else self.column


@dataclass
class Selected:
    """Rows of a query, by position, and the fields asked for."""

    query: Query
    entity: Entity
    rows: list[int]
    fields: list[Field]
    batch: int = 0  # rows of a page

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.rows)


def no_such_field(query: str, name: str, entity: str) -> SoqlError:
    """INVALID_FIELD, pointing at the field."""
    column = query.find(name) + 1
    message = (
        f"\n{query}\n{' ' * max(0, column - 1)}^\nERROR at Row:1:Column:{column}\nNo such column '{name}' on entity '{entity}'. If you are attempting to use a custom field,"
        " be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return SoqlError("INVALID_FIELD", message)


def no_such_entity(query: str, name: str) -> SoqlError:
    """INVALID_TYPE, pointing at the object."""
    column = query.find(name) + 1
    message = (
        f"\n{query}\n{' ' * max(0, column - 1)}^\nERROR at Row:1:Column:{column}\nsObject type '{name}' is not supported. If you are attempting to use a custom object,"
        " be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return SoqlError("INVALID_TYPE", message)


def entity_of(company: SalesforceCompany, query: Query) -> Entity:
    """The object of a query, whatever the case of its name."""
    for name, entity in company.entities.items():
        if name.lower() == query.entity.lower():
            return entity
    raise no_such_entity(query.text, query.entity)


def selected(company: SalesforceCompany, text: str, *, with_deleted: bool) -> Selected:
    """Answer a query; raises SoqlError."""
    query = parsed(text)
    entity = entity_of(company, query)
    asker = _Asker(company, query, entity)
    fields = [asker.field(name) for name in query.fields]
    names = [name.lower() for name in query.fields]
    for name in names:
        if names.count(name) > 1:
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {query.fields[names.index(name)]}")
    kept = pl.lit(value=True) if query.condition is None else asker.condition(query.condition)
    frame = asker.frame()
    if not with_deleted and "IsDeleted" in entity.rows.columns:
        kept &= pl.col("__deleted") == "false"
    found = frame.filter(kept)
    if query.order:
        keys = [asker.key(name) for name, _, _ in query.order]
        found = (
            asker.frame()
            .filter(kept)
            .sort(
                keys,
                descending=[down for _, down, _ in query.order],
                nulls_last=[last for _, _, last in query.order],
                maintain_order=True,
            )
        )
    rows = found["__row"].to_list()[query.offset :]
    rows = rows if query.limit is None else rows[: query.limit]
    return Selected(query, entity, rows, fields)


class _Asker:
    """Finds the columns of one query."""

    def __init__(self, company: SalesforceCompany, query: Query, entity: Entity) -> None:
        self.company, self.query, self.entity = company, query, entity
        self.columns: dict[str, pl.Series] = {}

    def frame(self) -> pl.DataFrame:
        """Columns that conditions and order name, beside the position of the row."""
        rows = self.entity.rows
        deleted = rows["IsDeleted"] if "IsDeleted" in rows.columns else pl.repeat("false", rows.height, eager=True)
        named = [column.alias(name) for name, column in self.columns.items()]
        return pl.DataFrame([deleted.alias("__deleted"), *named]).with_row_index("__row")

    def field(self, name: str) -> Field:
        """Where a field asked for is found."""
        entity, text = self.entity, self.query.text
        if "." not in name:
            if name.lower() == "billingaddress" and "BillingCity" in entity.rows.columns:
                return Field("BillingAddress", entity)
            if (found := entity.by_lower.get(name.lower())) is None:
                raise no_such_field(text, name, entity.name)
            return Field(found, entity)
        relationship, _, inner = name.partition(".")
        key = next(
            (
                column
                for column in entity.own
                if entity.types[column] == "reference" and relationship_of(column).lower() == relationship.lower()
            ),
            None,
        )
        target = self.company.entities.get(target_of(entity, key)) if key else None
        if key is None or target is None:
            raise SoqlError(
                "INVALID_FIELD",
                f"Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.",
            )
        found = target.by_lower.get(inner.lower())
        if found is None or "." in inner:
            raise no_such_field(text, inner, target.name)
        way = {"relationship": relationship_of(key), "key": key, "target": target.name}
        if direct := entity.by_lower.get(name.lower()):
            return Field(direct, entity, **way)
        return Field(
            found, target, **way, places=[target.place(own) if own else None for own in entity.rows[key].to_list()]
        )

    def key(self, name: str) -> str:
        """A column made ready for a condition; returns its name in the frame."""
        if name.lower() not in self.columns:
            found = self.field(name)
            values = found.entity.values(found.column)
            self.columns[name.lower()] = (
                values if found.places is None else values.gather(pl.Series(found.places, dtype=pl.UInt32))
            )
        return name.lower()

    def kind(self, name: str) -> str:
        """Type of a field."""
        found = self.field(name)
        if found.column == "BillingAddress":
            raise SoqlError("INVALID_FIELD", "field 'BillingAddress' can not be filtered in a query call")
        return found.entity.types.get(found.column, "string")

    def condition(self, asked: Condition) -> pl.Expr:
        """A condition as an expression over the frame; null counts as false."""
        if isinstance(asked, Joined):
            parts = [self.condition(part) for part in asked.parts]
            if asked.word == "not":
                return ~parts[0]
            return pl.all_horizontal(parts) if asked.word == "and" else pl.any_horizontal(parts)
        return self.comparison(asked).fill_null(value=False)

    def comparison(self, asked: Comparison) -> pl.Expr:
        """One comparison."""
        kind, column = self.kind(asked.name), pl.col(self.key(asked.name))
        if isinstance(asked.value, tuple):
            values = [self._value(one, kind, asked.name) for one in asked.value]
            found = _comparable(column, kind).is_in(values)
            return ~found.fill_null(value=False) if asked.sign == "not in" else found
        if asked.value.kind == "null":
            return column.is_null() if asked.sign == "=" else column.is_not_null()
        value, own = self._value(asked.value, kind, asked.name), _comparable(column, kind)
        signs = {
            "=": own == value,
            "!=": own.ne_missing(value),
            "<": own < value,
            ">": own > value,
            "<=": own <= value,
            ">=": own >= value,
        }
        return signs[asked.sign]

    @staticmethod
    def _value(literal: Literal, kind: str, name: str) -> Any:
        """A literal of the kind that the field needs; raises SoqlError."""
        needed = KIND_OF.get(kind, "text")
        if literal.kind != needed:
            quoted = "should be enclosed in quotes" if needed == "text" else "should not be enclosed in quotes"
            word = WORD_OF.get(needed, "ID" if kind in ("id", "reference") else "string")
            raise SoqlError(
                "INVALID_FIELD", f"value of filter criterion for field '{name}' must be of type {word} and {quoted}"
            )
        if kind in ("id", "reference"):
            return literal.value[:15]
        return literal.value.lower() if needed == "text" else literal.value


def _comparable(column: pl.Expr, kind: str) -> pl.Expr:
    """Ids by their first fifteen characters, texts whatever their case."""
    if kind in ("id", "reference"):
        return column.str.slice(0, 15)
    return column if kind in KIND_OF else column.str.to_lowercase()


def records(found: Selected, first: int, last: int, root: str) -> list[str]:
    """JSON of the rows in a range of positions."""
    name, ids = found.entity.name, found.entity.rows["Id"].to_list()
    plain = [
        (field.column, field.entity.json_cells(field.column))
        for field in found.fields
        if not field.relationship and field.column != "BillingAddress"
    ]
    related: dict[str, list[Field]] = {}
    for field in found.fields:
        if field.relationship:
            related.setdefault(field.relationship, []).append(field)
    has_address = any(field.column == "BillingAddress" for field in found.fields)
    texts = []
    for row in found.rows[first:last]:
        cells = [f'"attributes": {{"type": "{name}", "url": "{root}/sobjects/{name}/{ids[row]}"}}']
        cells += [f'"{column}": {values[row]}' for column, values in plain]
        cells += [f'"{relation}": {_related(inner, found.entity, row, root)}' for relation, inner in related.items()]
        if has_address:
            cells.append(f'"BillingAddress": {_address(found.entity, row)}')
        texts.append("{\n    " + ",\n    ".join(cells) + "\n  }")
    return texts


def _address(entity: Entity, row: int) -> str:
    """A compound address."""
    return (
        "{"
        + ", ".join(
            f'"{part}": {entity.json_cells(column)[row]}' for part, column in ADDRESS.items() if column in entity.types
        )
        + "}"
    )


def _related(inner: list[Field], entity: Entity, row: int, root: str) -> str:
    """A related record; null when nothing is referred to."""
    first = inner[0]
    own = json.loads(entity.json_cells(first.key)[row])
    if own is None:
        return "null"
    cells = [f'"attributes": {{"type": "{first.target}", "url": "{root}/sobjects/{first.target}/{own}"}}']
    for field in inner:
        place = row if field.places is None else field.places[row]
        cells.append(f'"{field.name}": {"null" if place is None else field.entity.json_cells(field.column)[place]}')
    return "{" + ", ".join(cells) + "}"


def csv_rows(found: Selected, first: int, last: int, delimiter: str, ending: str) -> str:
    """CSV of the rows in a range of positions, below their header."""
    rows, columns = found.rows[first:last], []
    for field in found.fields:
        cells, places = field.entity.quoted_cells(field.column), field.places
        columns.append(
            [cells[row] for row in rows]
            if places is None
            else ['""' if places[row] is None else cells[places[row]] for row in rows]
        )
    header = delimiter.join(f'"{field.header}"' for field in found.fields)
    return "".join(f"{line}{ending}" for line in (header, *map(delimiter.join, zip(*columns, strict=True))))
