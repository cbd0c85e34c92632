"""Each notebook runs alone with plain papermill, from another folder, on a close that the earlier ones filled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from recon_kit.params import SAMPLE_PARAMS
from recon_kit.runner.stages import Stage, chosen_stages
from tests.whole_close import evidence_bytes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.nbval


@pytest.mark.parametrize("stage", chosen_stages(), ids=lambda stage: stage.name)
def test_runs_with_plain_papermill_elsewhere(stage: Stage, sample_close: Path, tmp_path: Path) -> None:
    close = tmp_path / "close"
    shutil.copytree(sample_close, close)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-m", "papermill", str(stage.path), str(tmp_path / "out.ipynb"), "--no-progress-bar"]
    parameters = ["-p", "params", str(SAMPLE_PARAMS), "-p", "close_dir", str(close)]
    result = subprocess.run(
        [*command, *parameters], cwd=elsewhere, capture_output=True, text=True, timeout=180, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert not list(elsewhere.iterdir()), "a notebook wrote into the working folder"
    assert evidence_bytes(close) == evidence_bytes(sample_close), "running a notebook again changed a finished close"
