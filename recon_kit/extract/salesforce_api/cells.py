"""Rows as CSV cells, the same whether REST or a Bulk job gave them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from recon_kit.extract.pulling.shards import Record
from recon_kit.extract.salesforce_api.fields import IS_DELETED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from recon_kit.extract.salesforce_api.fields import Selection

LIVE, DELETED = "live", "deleted"
_WRITTEN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EXPONENT = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LONGEST_CELL = 1 << 24
"""Characters; Salesforce's longest text has 131,072, which is Python's own limit."""


class UnexpectedHeader(ValueError):  # noqa: N818  (says what it is)
    """A Bulk result whose columns are not those that were asked for."""


def records_of_json(rows: Iterable[Mapping[str, Any]], selection: Selection) -> list[Record]:
    """Turn rows of a REST answer into records; a related object's fields become ``Owner.Name``."""
    return _records(([_cell_of_json(row, column) for column in selection.columns] for row in rows), selection)


def _cell_of_json(row: Mapping[str, Any], column: str) -> str:
    value: Any = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).replace("\0", "")


def records_of_csv(text: str, selection: Selection) -> list[Record]:
    """Turn a page of a Bulk result into records.

    Raises:
        UnexpectedHeader: a column that was asked for is absent.
    """
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), strict=True)
    header = next(rows, [])
    places = _places(header, selection)
    numbers = [number for number, column in enumerate(selection.columns) if column in selection.numbers]
    return _records((_plain_numbers([row[place] for place in places], numbers) for row in rows if row), selection)


def _places(header: Sequence[str], selection: Selection) -> list[int]:
    by_name = {name.lower(): number for number, name in enumerate(header)}
    lacking = [column for column in selection.columns if column.lower() not in by_name]
    if lacking:
        raise UnexpectedHeader(f"the Bulk result lacks the columns {', '.join(lacking[:3])}")
    return [by_name[column.lower()] for column in selection.columns]


def _plain_numbers(cells: list[str], numbers: Iterable[int]) -> list[str]:
    """Write ``1.0E7``, as Salesforce gives large numbers, in plain digits."""
    for number in numbers:
        if "E" in cells[number].upper() and _EXPONENT.fullmatch(cells[number]):
            cells[number] = format(Decimal(cells[number]), "f")
    return cells


def _records(rows: Iterable[list[str]], selection: Selection) -> list[Record]:
    """Make records of cells; raises ``LookupError`` for a row without an Id."""
    identity = selection.columns.index("Id")
    deletion = selection.columns.index(IS_DELETED) if IS_DELETED in selection.columns else None
    stamp = selection.columns.index(selection.stamp) if selection.stamp else None
    made = [
        Record(
            id=cells[identity],
            at=microseconds(cells[stamp]) if stamp is not None else None,
            text=_WRITTEN(cells),
            parent=DELETED if deletion is not None and cells[deletion] == "true" else LIVE,
        )
        for cells in rows
    ]
    if not all(record.id for record in made):
        raise LookupError("Id")
    return made


def microseconds(moment: str) -> int | None:
    """Read ``2026-10-31T08:15:00.000+0000`` as microseconds since 1970; none where it is empty or something else."""
    try:
        read = dt.datetime.fromisoformat(moment)
    except ValueError:
        return None
    aware = read if read.tzinfo else read.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // dt.timedelta(microseconds=1)


def soql_moment(at: int) -> str:
    """Write microseconds since 1970 as a SOQL date-time literal, down to the second."""
    return (_EPOCH + dt.timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def csv_lines(columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
    """Write records as CSV lines the way a Bulk job does: all cells in quotes, LF; the header first."""
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for cells in _rows(columns, records):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _rows(columns: Sequence[str], records: Iterable[Record]) -> Iterator[Sequence[str]]:
    yield columns
    for record in records:
        yield json.loads(record.text)
