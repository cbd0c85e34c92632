"""Read a workbook: every cell's value, and which cells hold a formula instead of one."""

from __future__ import annotations

import datetime as dt
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import python_calamine
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from recon_kit.policy import SettingsError

LARGEST = 200 * 2**20
"""Bytes that a workbook may hold once unpacked; a review has a few of them."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_UNREADABLE = (python_calamine.CalamineError, zipfile.BadZipFile, ParseError, DefusedXmlException, KeyError, OSError)

ReadCell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None


@dataclass(frozen=True)
class ReadRow:
    """One row: its number as the spreadsheet shows it, its cells by heading, and its formulas by heading."""

    number: int
    cells: dict[str, ReadCell]
    formulas: dict[str, str]

    @property
    def is_blank(self) -> bool:
        """Whether nothing at all stands in it."""
        return not self.formulas and all(cell in (None, "") for cell in self.cells.values())


@dataclass(frozen=True)
class ReadSheet:
    """One sheet: its headings in order and its rows."""

    name: str
    headings: list[str]
    rows: list[ReadRow]


def read_workbook(file: Path) -> dict[str, ReadSheet]:
    """Read every sheet of a workbook, hidden ones too; the first row is the header.

    Raises:
        SettingsError: it is no ``.xlsx`` workbook, or too large to be a review.
    """
    try:
        with zipfile.ZipFile(file) as package:
            if sum(entry.file_size for entry in package.infolist()) > LARGEST:
                raise SettingsError(f"{file.name} holds more than {LARGEST // 2**20} MiB: it is no review workbook.")
            formulas = {name: _formulas(package, part) for name, part in _parts(package).items()}
        with python_calamine.CalamineWorkbook.from_path(str(file)) as book:
            return {name: _sheet(book, name, formulas.get(name, {})) for name in book.sheet_names}
    except _UNREADABLE as fault:
        raise SettingsError(f"{file.name} cannot be read as an .xlsx workbook: {fault}. Save it as .xlsx.") from fault


def _sheet(book: Any, name: str, formulas: dict[tuple[int, int], str]) -> ReadSheet:  # noqa: ANN401
    values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    height = max([len(values), *(row + 1 for row, _ in formulas)])
    width = max([len(values[0]) if values else 0, *(column + 1 for _, column in formulas)])
    top = values[0] if values else []
    headings = [_heading(top, column) for column in range(width)]
    rows = [_row(values, formulas, headings, place) for place in range(1, height)]
    return ReadSheet(name, headings, [row for row in rows if not row.is_blank])


def _heading(top: list[ReadCell], column: int) -> str:
    text = str(top[column]).strip() if column < len(top) and top[column] is not None else ""
    return text or f"column {column + 1}"


def _row(
    values: list[list[ReadCell]], formulas: dict[tuple[int, int], str], headings: list[str], place: int
) -> ReadRow:
    line = values[place] if place < len(values) else []
    cells = {heading: line[column] if column < len(line) else None for column, heading in enumerate(headings)}
    own = {headings[column]: formula for (row, column), formula in formulas.items() if row == place}
    return ReadRow(place + 1, cells, own)


def _parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Map the sheets of a workbook to the files that hold them."""
    relations = fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): one.get("Target", "") for one in relations.iter(f"{_PACKAGE}Relationship")}
    book = fromstring(package.read("xl/workbook.xml"))
    return {
        sheet.get("name", ""): _inside(targets[sheet.get(_RELATION)])
        for sheet in book.iter(f"{_MAIN}sheet")
        if targets.get(sheet.get(_RELATION))
    }


def _inside(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _formulas(package: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    """Find the cells of a sheet that hold a formula, by row and column from 0."""
    found = {}
    with package.open(part) as file:
        for _, cell in iterparse(file):
            if cell.tag == f"{_MAIN}c":
                formula = cell.find(f"{_MAIN}f")
                if formula is not None:
                    found[_place(cell)] = f"={formula.text or ''}"
                cell.clear()
    return found


def _place(cell: Element) -> tuple[int, int]:
    reference = cell.get("r", "A1")
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter.upper()) - ord("A") + 1
    return int(reference[len(letters) :]) - 1, column - 1
