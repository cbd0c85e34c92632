"""Params that name no journal, though an earlier close of the folder rests on decisions, stop the close."""

import json
from pathlib import Path

import pytest

from recon_kit.extract import copy_inputs
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import SettingsError
from recon_kit.run import open_run
from tests.whole_close import write_params


def earlier_close(folder: Path, decisions: int) -> None:
    """What is looked at of a close before: its manifest says on how many decisions it rests."""
    close = folder / "closes" / "2026-09-30"
    (close / "tables").mkdir(parents=True)
    manifest = {"as_of": "2026-09-30", "journal": {"length": decisions, "sha256": "0" * 64}}
    (close / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def told(folder: Path, **settings: str) -> str:
    """What a close says of its decisions, as it begins."""
    params = write_params(folder, SAMPLE_FOLDER, **settings)
    return copy_inputs(open_run("01_extract", params=str(params), close_dir=str(folder / "draft")))["decisions"]


def test_they_are_not_forgotten(tmp_path: Path) -> None:
    earlier_close(tmp_path, 12)
    said = "decisions: is not set, but the close 2026-09-30 rests on 12 decisions"
    with pytest.raises(SettingsError, match=said):
        told(tmp_path, previous="latest")


def test_one_may_begin_anew(tmp_path: Path) -> None:
    earlier_close(tmp_path, 12)
    assert told(tmp_path, previous="none").startswith("none yet")


@pytest.mark.parametrize("beside", ["other", "other.r2"])
def test_nor_are_those_of_a_close_that_was_put_elsewhere_and_is_run_again(tmp_path: Path, beside: str) -> None:
    earlier_close(tmp_path / "elsewhere", 12)
    (tmp_path / "elsewhere" / "closes" / "2026-09-30").rename(tmp_path / beside)
    params = write_params(tmp_path, SAMPLE_FOLDER, previous="latest", decisions=str(tmp_path / "decisions.jsonl"))
    for name in ("other.partial", "other.r3.partial"):
        run = open_run("01_extract", params=str(params), close_dir=str(tmp_path / name))
        with pytest.raises(SettingsError, match=f"12 lines are missing at the end: the close {beside} says 12"):
            copy_inputs(run)
    run = open_run("01_extract", params=str(params), close_dir=str(tmp_path / "another.partial"))
    assert copy_inputs(run)["decisions"] == "none yet"


def test_an_empty_journal_is_none_to_forget(tmp_path: Path) -> None:
    earlier_close(tmp_path, 0)
    assert told(tmp_path, previous="latest").startswith("none yet")
