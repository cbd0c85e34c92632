"""Workbooks: text stays text, amounts stay exact, equal sheets give equal bytes, and what is read back is compared fairly."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_kit import workbook
from recon_kit.policy import SettingsError
from recon_kit.workbook import Column, Sheet, cells_of, comparable, reading

AS_OF = dt.date(2026, 10, 31)


def sheet_of(*values, kind="text", currency="USD", **more):
    kinds = {"text": pl.String, "amount": pl.Int64, "number": pl.Float64, "percent": pl.Float64, "date": pl.Date}
    rows = pl.DataFrame({"value": pl.Series(values, dtype=kinds[kind]), "currency": [currency] * len(values)})
    return Sheet("Sheet", (Column("value", "value", kind=kind, **more),), rows)


def round_trip(folder, sheet):
    file = folder / "book.xlsx"
    file.write_bytes(workbook.workbook_bytes([sheet], title="t", as_of=AS_OF))
    return [row.cells["value"] for row in workbook.read_workbook(file)["Sheet"].rows]


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30 1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")']
)
def test_what_a_spreadsheet_takes_for_a_formula_is_written_as_text(tmp_path, text):
    (cell,) = cells_of(sheet_of(text))[0]
    assert cell.startswith("'")
    (tmp_path / "book.xlsx").write_bytes(workbook.workbook_bytes([sheet_of(text)], title="t", as_of=AS_OF))
    written = openpyxl.load_workbook(tmp_path / "book.xlsx")["Sheet"]["A2"]
    assert written.data_type == "s"
    assert written.hyperlink is None
    assert not workbook.read_workbook(tmp_path / "book.xlsx")["Sheet"].rows[0].formulas


AMOUNTS = [
    (280_000, "USD", Decimal("2800.00")),
    (-1, "USD", Decimal("-0.01")),
    (5, "JPY", Decimal(5)),
    (1_234, "BHD", Decimal("1.234")),
    (999_999_999_999_999, "USD", Decimal("9999999999999.99")),
    (1_000_000_000_000_001, "USD", "10,000,000,000,000.01"),
    (7, "???", "7 minor units of ???"),
    (None, "USD", None),
]


@pytest.mark.parametrize(("minor", "currency", "cell"), AMOUNTS)
def test_amounts_are_numbers_only_where_a_spreadsheet_keeps_every_digit(tmp_path, minor, currency, cell):
    sheet = sheet_of(minor, 1, kind="amount", currency=currency)
    assert cells_of(sheet)[0] == [cell]
    read = round_trip(tmp_path, sheet)
    assert comparable(read[0] if minor is not None else None) == comparable(cell)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was_written(tmp_path_factory, texts):
    sheet = sheet_of("first", *texts, "last")
    folder = tmp_path_factory.mktemp("text")
    (folder / "book.xlsx").write_bytes(workbook.workbook_bytes([sheet], title="t", as_of=AS_OF))
    read = {row.number: row.cells["value"] for row in workbook.read_workbook(folder / "book.xlsx")["Sheet"].rows}
    for number, (cell,) in enumerate(cells_of(sheet), 2):
        assert comparable(read.get(number)) == comparable(cell)


def test_dates_and_numbers_come_back(tmp_path):
    assert round_trip(tmp_path, sheet_of(dt.date(1999, 12, 31), AS_OF, kind="date")) == [dt.date(1999, 12, 31), AS_OF]
    cells = [row[0] for row in cells_of(sheet_of(1 / 3, 100.0, kind="percent"))]
    read = round_trip(tmp_path, sheet_of(1 / 3, 100.0, kind="percent"))
    assert [comparable(one) for one in read] == [comparable(one) for one in cells] == ["0.333333", "100"]


def test_equal_sheets_give_equal_bytes_and_an_empty_one_is_written():
    one, other = (workbook.workbook_bytes([sheet_of("a", note="n")], title="t", as_of=AS_OF) for _ in range(2))
    assert one == other
    assert workbook.workbook_bytes([sheet_of(choices=("a", "b"), is_open=True)], title="t", as_of=AS_OF)


def test_what_is_no_workbook_or_too_large_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "book.xlsx"
    file.write_bytes(b"PK")
    with pytest.raises(SettingsError, match=r"book.xlsx cannot be read as an .xlsx workbook"):
        workbook.read_workbook(file)
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(SettingsError, match=r"book.xlsx cannot be read"):
        workbook.read_workbook(file)
    file.write_bytes(workbook.workbook_bytes([sheet_of("a")], title="t", as_of=AS_OF))
    monkeypatch.setattr(reading, "LARGEST", 1000)
    with pytest.raises(SettingsError, match="it is no review workbook"):
        workbook.read_workbook(file)
