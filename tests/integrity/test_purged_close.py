"""A purged close says in words that it was purged, wherever it is used, and is no close before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recon_kit import extract
from recon_kit.artifacts import CloseFolder, MissingTable
from recon_kit.commands.purge import KEPT
from recon_kit.commands.sign import Signing, sign
from recon_kit.extract.inputs import previous_close
from recon_kit.policy import SettingsError
from recon_kit.run import open_run
from recon_kit.runner.close import Request, run_close
from tests.small_close import BY, everything, small_close
from tests.whole_close import write_params


def purged(close: Path) -> Path:
    """Delete of a close what a purge deletes; the command itself never purges the newest."""
    for path in close.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return close


@pytest.fixture
def close(tmp_path: Path) -> Path:
    return purged(small_close(tmp_path))


def test_it_is_passed_over_as_the_close_before(close: Path, tmp_path: Path) -> None:
    kept = close.with_name("2026-09-30")
    (kept / "tables").mkdir(parents=True)
    (kept / "manifest.json").write_text("{}")
    params = write_params(tmp_path, tmp_path / "raw", as_of="2026-11-30", previous="latest")
    run = open_run("01_extract", params=str(params), close_dir=str(tmp_path / "next"))
    found = previous_close(run)
    assert found is not None
    assert found.path.name == "2026-09-30"
    shutil.rmtree(kept)
    assert previous_close(run) is None
    assert extract.copy_inputs(run)["previous close"] == "none"


def test_named_as_the_close_before_it_is_refused(close: Path, tmp_path: Path) -> None:
    params = write_params(tmp_path, tmp_path / "raw", as_of="2026-11-30", previous=str(close))
    run = open_run("01_extract", params=str(params), close_dir=str(tmp_path / "next"))
    with pytest.raises(SettingsError, match="was purged: only its manifest is kept"):
        previous_close(run)


def test_it_cannot_be_signed_explored_or_gone_on_from(close: Path, tmp_path: Path) -> None:
    before = everything(close)
    with pytest.raises(SettingsError, match=r"2026-10-31 was purged: .* nothing to sign"):
        sign(Signing(close, BY))
    with pytest.raises(SettingsError, match=r"2026-10-31 was purged: .* nothing to explore"):
        open_run("04_gaps", params=str(tmp_path / "params.yaml"))
    with pytest.raises(SettingsError, match="was purged: there is nothing for --only to begin from"):
        run_close(Request(params=tmp_path / "params.yaml", only=("gaps",), progress=False))
    with pytest.raises(MissingTable, match="was purged"):
        CloseFolder(close).read_table("gaps")
    assert everything(close) == before
