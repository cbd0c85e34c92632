"""Write a workbook so that equal sheets give equal bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from recon_kit.workbook.cells import Cell, cells_of
from recon_kit.workbook.columns import Column, Sheet

_HEADER = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E4E9F0", "border": 1}
_BODY = {"valign": "top", "text_wrap": True}
_OPEN = {"bg_color": "#FFF9DB", "border": 1, "locked": False}
_NUMBERS = {"number": "0", "percent": "0.0##", "date": "yyyy-mm-dd"}
_TALLEST_NOTE = {"x_scale": 2, "y_scale": 1.5}
_MAY = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
"""What a reader may do with a locked sheet besides filling its open cells."""


def workbook_bytes(sheets: Sequence[Sheet], *, title: str, as_of: dt.date) -> bytes:
    """Write a workbook.

    Args:
        sheets: in their order. Where one has open columns every other cell of it is locked (without a password).
        title: stands in the file's properties.
        as_of: stands there as the day it was made, so that no clock is asked.
    """
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    made = dt.datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001  (the format keeps no zone)
    book.set_properties({"title": title, "author": "recon-kit", "created": made})
    formats = _Formats(book)
    for sheet in sheets:
        _write_sheet(book.add_worksheet(sheet.name), sheet, formats)
    book.close()
    return buffer.getvalue()


class _Formats:
    """The cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401  (xlsxwriter carries no types)
        self._book, self._made = book, dict[tuple[tuple[str, object], ...], Any]()

    def of(self, **said: object) -> Any:  # noqa: ANN401
        key = tuple(sorted(said.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(said)
        return self._made[key]

    def of_cell(self, column: Column, cell: Cell) -> Any:  # noqa: ANN401
        shown = _BODY | (_OPEN if column.is_open else {})
        if column.kind == "amount" and isinstance(cell, Decimal):
            places = max(0, -int(cell.as_tuple().exponent))
            return self.of(**shown, num_format="#,##0" + ("." + "0" * places if places else ""))
        return self.of(**shown, num_format=_NUMBERS.get(column.kind, "@"))


def _write_sheet(page: Any, sheet: Sheet, formats: _Formats) -> None:  # noqa: ANN401
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
        page.write_string(0, number, column.heading, formats.of(**_HEADER))
        if column.note:
            page.write_comment(0, number, column.note, {"author": "recon-kit", **_TALLEST_NOTE})
        _restrict(page, number, column, sheet.rows.height)
    for row, cells in enumerate(cells_of(sheet), 1):
        for number, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
            _write_cell(page, row, number, cell, formats.of_cell(column, cell))
    page.freeze_panes(1, 1)
    if sheet.has_filter:
        page.autofilter(0, 0, max(sheet.rows.height, 1), len(sheet.columns) - 1)
    _lay_out(page, sheet)


def _lay_out(page: Any, sheet: Sheet) -> None:  # noqa: ANN401
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    if any(column.is_open for column in sheet.columns) or sheet.is_hidden:
        page.protect("", _MAY)
    if sheet.is_hidden:
        page.very_hidden()


def _write_cell(page: Any, row: int, number: int, cell: Cell, shown: Any) -> None:  # noqa: ANN401
    if cell is None:
        page.write_blank(row, number, None, shown)
    elif isinstance(cell, str):
        page.write_string(row, number, cell, shown)
    elif isinstance(cell, dt.date):
        page.write_datetime(row, number, cell, shown)
    else:
        page.write_number(row, number, cell, shown)


def _restrict(page: Any, number: int, column: Column, rows: int) -> None:  # noqa: ANN401
    """Let a spreadsheet refuse what the import would refuse."""
    if not rows or not (column.choices or column.longest):
        return
    rule: dict[str, object] = {"ignore_blank": True, "error_type": "stop", "error_title": column.heading}
    if column.choices:
        rule |= {"validate": "list", "source": list(column.choices)}
        rule["error_message"] = f"Choose one of {', '.join(column.choices)}, or leave it empty."
    else:
        rule |= {"validate": "length", "criteria": "<=", "value": column.longest}
        rule["error_message"] = f"At most {column.longest} characters."
    page.data_validation(1, number, rows, number, rule)
