"""``gaps.xlsx`` holds every gap and its components, to the cent, and is the same for the same tables."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from recon_kit.money import exponent_of
from recon_kit.run import Run, open_run
from recon_kit.runner.gaps_workbook import gaps_workbook
from tests.whole_close import table


@pytest.fixture(scope="module")
def run(sample_close: Path) -> Run:
    return open_run("close", close_dir=str(sample_close))


@pytest.fixture(scope="module")
def sheets(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    file = tmp_path_factory.mktemp("book") / "gaps.xlsx"
    file.write_bytes(gaps_workbook(run))
    read = {page.title: [list(row) for row in page.values] for page in load_workbook(file).worksheets}
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in read.items()}


def minor(row: dict[str, object], column: str) -> int:
    exact = Decimal(str(row[column])).scaleb(exponent_of(str(row["Currency"])))
    assert exact == int(exact)
    return int(exact)


def test_every_gap_and_every_component_is_in_it(sheets: dict[str, list], sample_close: Path) -> None:
    gaps, parts = table(sample_close, "gaps"), table(sample_close, "gap_components")
    assert [row["Gap"] for row in sheets["Gaps"]] == gaps["gap_id"].to_list()
    assert len(sheets["Components"]) == parts.height > 0
    assert [minor(row, "Difference a month") for row in sheets["Gaps"]] == gaps["difference_minor"].to_list()
    assert [minor(row, "At stake so far") for row in sheets["Gaps"]] == gaps["impact_minor"].to_list()


def test_components_sum_to_the_difference_of_their_gap(sheets: dict[str, list], sample_close: Path) -> None:
    shown = pl.DataFrame([{"gap_id": row["Gap"], "a": minor(row, "Amount a month")} for row in sheets["Components"]])
    kept = table(sample_close, "gap_components").group_by("gap_id").agg(pl.col("amount_minor").sum())
    assert shown.group_by("gap_id").agg(pl.col("a").sum()).sort("gap_id").rows() == kept.sort("gap_id").rows()


def test_codes_are_in_words_and_states_are_told(sheets: dict[str, list]) -> None:
    assert not [row for row in sheets["Gaps"] if "_" in str(row["Cause"]) + str(row["Family"]) + str(row["State"])]
    assert {"yes", "no"} == {row["Material"] for row in sheets["Gaps"]}


def test_equal_tables_give_equal_bytes(run: Run) -> None:
    assert gaps_workbook(run) == gaps_workbook(run)
