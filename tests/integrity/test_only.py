"""``--only``: some rooms of a close; a signed close beside which they go stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from recon_kit.artifacts import CloseFolder
from recon_kit.commands.sign import Signing, sign
from recon_kit.commands.verify import verify
from recon_kit.policy import SettingsError
from recon_kit.runner.close import Request, run_close
from recon_kit.runner.stages import chosen_stages
from tests.small_close import BY, everything, small_close, small_company
from tests.whole_close import evidence_bytes, recon, write_params


def test_beside_a_signed_close_it_makes_another_and_touches_nothing_of_the_signed_one(tmp_path: Path) -> None:
    close = small_close(tmp_path)
    sign(Signing(close, BY, reason="corrected in November", carry_all=True))
    signed = everything(close)
    again = run_close(Request(params=tmp_path / "params.yaml", only=("gaps",), progress=False))
    assert again.name == "2026-10-31.r2"
    assert everything(close) == signed
    assert verify(close, reperform=False) == []
    same, was = (evidence_bytes(folder) for folder in (again, close))
    assert same | {"manifest.json": b""} == was | {"manifest.json": b""}, "but for the notebooks that have run"
    assert not (again / "signature.json").exists(), "the signature is of the other folder"


def test_the_first_rooms_alone_run_and_say_that_they_are_no_close(tmp_path: Path) -> None:
    params = write_params(tmp_path, small_company(tmp_path / "raw"))
    result = recon("close", "--params", str(params), "--only", "extract,normalise", "--no-progress")
    assert result.returncode == 0, result.stderr
    assert "extract, normalise ran and ties; what they wrote lies in" in result.stdout
    assert "It is no close yet" in result.stdout
    left = CloseFolder(tmp_path / "closes" / "2026-10-31.partial")
    assert left.has_table("contracts")
    assert not left.is_finished
    assert not (tmp_path / "closes" / "2026-10-31").exists()


# rooms named                          what runs
ROOMS = [
    ("gaps",                           ["gaps", "close"]),
    ("resolve,gaps",                   ["resolve", "gaps", "close"]),
    ("close",                          ["close"]),
    ("extract",                        ["extract"]),
    ("normalise,extract",              ["extract", "normalise"]),
    ("extract,normalise,resolve,gaps", ["extract", "normalise", "resolve", "gaps", "close"]),
]  # fmt: skip


@pytest.mark.parametrize(("named", "run"), ROOMS)
def test_which_rooms_run(named: str, run: list[str]) -> None:
    assert [stage.room for stage in chosen_stages(named.split(","))] == run


@pytest.mark.parametrize(
    ("named", "lacking"), [("extract,gaps", "normalise, resolve"), ("extract,close", "normalise, resolve, gaps")]
)
def test_rooms_that_would_lack_others_are_refused_before_anything_runs(named: str, lacking: str) -> None:
    with pytest.raises(SettingsError, match=f"needs {lacking}. Name these too"):
        chosen_stages(named.split(","))
