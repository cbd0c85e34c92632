"""Workbooks: sheets with a frozen header and a filter, written byte for byte alike, and read back with their formulas.

Text is only ever text: what a spreadsheet would take for a formula is written with an apostrophe before it. Amounts are
numbers where a spreadsheet holds every digit, and text where it would not.
"""

from recon_kit.workbook.cells import Cell, cells_of, comparable, plain
from recon_kit.workbook.columns import Column, Sheet
from recon_kit.workbook.reading import ReadRow, ReadSheet, read_workbook
from recon_kit.workbook.writing import workbook_bytes

__all__ = [
    "Cell",
    "Column",
    "ReadRow",
    "ReadSheet",
    "Sheet",
    "cells_of",
    "comparable",
    "plain",
    "read_workbook",
    "workbook_bytes",
]
