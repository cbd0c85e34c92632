"""A reviewer at a spreadsheet: open the workbook, fill cells, move and delete rows, save it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from pathlib import Path

DECIDED_BY = ("decision", "by", "reason")


class Reviewer:
    """One workbook being filled."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.book = openpyxl.load_workbook(file)

    def ids(self, sheet: str) -> list[str]:
        """The ids of a sheet in the order of its rows."""
        return [row[0].value for row in self.book[sheet].iter_rows(min_row=2)]

    def cell(self, sheet: str, row: int, heading: str) -> Any:
        """The cell of a row (as a spreadsheet numbers it) under a heading."""
        headings = [cell.value for cell in self.book[sheet][1]]
        return self.book[sheet].cell(row, headings.index(heading) + 1)

    def decide(self, sheet: str, row: int, decision: str, by: str = "Ann Lee", reason: str = "asked the owner") -> None:
        """Fill the three open cells of a row."""
        for heading, value in zip(DECIDED_BY, (decision, by, reason), strict=True):
            self.cell(sheet, row, heading).value = value

    def exchange(self, sheet: str, one: int, other: int) -> None:
        """Exchange two rows whole."""
        page = self.book[sheet]
        for column in range(1, page.max_column + 1):
            a, b = page.cell(one, column), page.cell(other, column)
            a.value, b.value = b.value, a.value

    def save(self, file: Path | None = None) -> Path:
        """Save it, as another file where one is named."""
        self.book.save(file or self.file)
        return file or self.file
