"""``recon verify`` passes on a good close and names what one changed byte touched."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon_kit.artifacts import parquet_bytes
from tests.whole_close import recon

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copy(sample_close: Path, tmp_path: Path) -> Path:
    shutil.copytree(sample_close, tmp_path / "close")
    return tmp_path / "close"


def flip_one_byte(file: Path, at: float = 0.5) -> None:
    content = bytearray(file.read_bytes())
    content[int(len(content) * at)] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.soak
def test_a_good_close_verifies(sample_close: Path) -> None:
    result = recon("verify", str(sample_close))
    assert result.returncode == 0, result.stderr
    assert "Verified" in result.stdout


ONE_OF_EACH = ["raw/salesforce/Account.csv", "inputs/policy.yaml", "tables/gaps.parquet", "html/index.html"]


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_one_changed_byte_names_the_file(copy: Path, name: str) -> None:
    flip_one_byte(copy / name)
    result = recon("verify", str(copy), "--no-reperform")
    assert result.returncode == 2
    assert name in result.stderr
    assert result.stderr.count("was changed") == 1


def test_a_missing_and_an_added_file_are_named(copy: Path) -> None:
    (copy / "tables" / "pairs.parquet").unlink()
    (copy / "raw" / "stripe" / "extra.jsonl").write_text("{}\n", encoding="utf-8")
    result = recon("verify", str(copy), "--no-reperform")
    assert result.returncode == 2
    assert "tables/pairs.parquet: is missing" in result.stderr
    assert "raw/stripe/extra.jsonl: was added" in result.stderr


def test_a_changed_figure_names_its_row_and_a_damaged_table_its_rows(copy: Path) -> None:
    file = copy / "tables" / "gaps.parquet"
    gaps = pl.read_parquet(file)
    target = gaps["gap_id"][1]
    changed = pl.when(pl.col("gap_id") == target).then(pl.col("impact_minor") + 1).otherwise("impact_minor")
    file.write_bytes(parquet_bytes(gaps.with_columns(impact_minor=changed)))
    flip_one_byte(copy / "tables" / "contracts.parquet")
    result = recon("verify", str(copy))
    assert result.returncode == 2
    assert "tables/gaps.parquet: was changed" in result.stderr
    assert f"changes 1 row: {target} in impact_minor" in result.stderr
    damaged = [line for line in result.stderr.splitlines() if "tables/contracts.parquet" in line]
    assert any("row" in line for line in damaged)
