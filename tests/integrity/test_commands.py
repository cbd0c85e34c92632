"""The ``recon`` command: exit codes, messages, and what it refuses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml

from recon_kit.params import SAMPLE_FOLDER, SAMPLE_PARAMS
from tests.whole_close import evidence_bytes, recon, table, write_params

if TYPE_CHECKING:
    from pathlib import Path


def changed_params(tmp_path: Path, **changes: object) -> Path:
    content = yaml.safe_load(SAMPLE_PARAMS.read_text(encoding="utf-8")) | {"closes_dir": str(tmp_path / "closes")}
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(content | changes), encoding="utf-8")
    return path


def test_a_wrong_option_is_an_error_not_a_broken_control() -> None:
    for arguments in (["close"], ["close", "--parms", "x"], ["verify"]):
        result = recon(*arguments)
        assert result.returncode == 1, arguments
        assert "Usage" in result.stderr


def test_the_command_line_answers_before_any_library_for_data_is_loaded() -> None:
    loaded = "import sys, recon_kit.cli; print({'polars', 'duckdb', 'altair', 'splink', 'apprise'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True) == "set()\n"


def test_all_faults_of_the_params_come_in_one_message(tmp_path: Path) -> None:
    params = changed_params(tmp_path, polcy={}, profile="bold", source={"stripe": {"kind": "files"}})
    result = recon("close", "--params", str(params))
    assert result.returncode == 1
    for word in ("polcy", "profile", "source.stripe", "3 faults"):
        assert word in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_required_file_is_named(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE_FOLDER, tmp_path / "raw")
    (tmp_path / "raw" / "salesforce" / "Account.csv").unlink()
    result = recon("close", "--params", str(write_params(tmp_path, tmp_path / "raw")), "--no-progress")
    assert result.returncode == 1
    assert "salesforce/Account.csv" in result.stderr
    assert not (tmp_path / "closes" / "2026-10-31").exists()


def test_a_stale_rate_breaks_a_control_and_stops_the_close(tmp_path: Path) -> None:
    out = tmp_path / "close"
    result = recon("close", "--params", str(SAMPLE_PARAMS), "--as-of", "2027-03-31", "--out", str(out), "--no-progress")
    assert result.returncode == 2
    assert "normalise.fx.age" in result.stderr
    assert not out.exists()
    partial = tmp_path / "close.partial"
    assert (partial / "notebooks" / "02_normalise.partial.ipynb").is_file(), "the failing notebook is saved"


def test_only_refuses_other_settings_and_keeps_the_close(sample_close: Path, tmp_path: Path) -> None:
    close = tmp_path / "close"
    shutil.copytree(sample_close, close)
    params = changed_params(tmp_path, policy={"reporting_currency": "EUR"})
    result = recon("close", "--params", str(params), "--out", str(close), "--only", "gaps", "--no-progress")
    assert result.returncode == 1
    assert "another policy" in result.stderr
    assert evidence_bytes(close) == evidence_bytes(sample_close)


def test_only_with_the_same_settings_gives_the_same_bytes(sample_close: Path, tmp_path: Path) -> None:
    close = tmp_path / "close"
    shutil.copytree(sample_close, close)
    result = recon("close", "--params", str(SAMPLE_PARAMS), "--out", str(close), "--only", "gaps", "--no-progress")
    assert result.returncode == 0, result.stderr
    assert evidence_bytes(close) == evidence_bytes(sample_close)


def test_out_never_replaces_a_folder_that_is_no_close(tmp_path: Path) -> None:
    mine = tmp_path / "documents"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work", encoding="utf-8")
    result = recon("close", "--params", str(SAMPLE_PARAMS), "--out", str(mine), "--no-progress")
    assert result.returncode == 1
    assert "no finished close" in result.stderr
    assert [file.name for file in mine.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("kind", ["account", "opportunity", "subscription", "customer"])
def test_explain_knows_every_kind_of_record(sample_close: Path, kind: str) -> None:
    gap = table(sample_close, "gaps").filter(
        pl.col("opportunity_ids").list.len() > 0, pl.col("subscription_ids").list.len() > 0
    ).row(0, named=True)  # fmt: skip
    record = {
        "account": gap["account_id"],
        "opportunity": gap["opportunity_ids"][0],
        "subscription": gap["subscription_ids"][0],
        "customer": gap["customer_ids"][0],
    }[kind]
    result = recon("explain", record, str(sample_close))
    assert result.returncode == 0, result.stderr
    assert gap["explanation"] in result.stdout
    if kind in {"account", "opportunity"}:
        assert recon("explain", record[:15], str(sample_close)).stdout == result.stdout


def test_explain_refuses_an_unknown_id(sample_close: Path) -> None:
    result = recon("explain", "sub_nobody", str(sample_close))
    assert result.returncode == 1
    assert "sub_nobody is not in this close" in result.stderr
