"""The same close in another folder with another number of threads gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recon_kit.params import SAMPLE_PARAMS
from tests.whole_close import evidence_bytes, recon

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("threads", ["1", pytest.param("2", marks=pytest.mark.soak)])
def test_same_bytes_in_another_folder_with_other_threads(sample_close: Path, tmp_path: Path, threads: str) -> None:
    again = tmp_path / "elsewhere" / "close"
    result = recon(
        "close", "--params", str(SAMPLE_PARAMS), "--out", str(again), "--no-progress",
        environment={"POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": threads},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    first, second = evidence_bytes(sample_close), evidence_bytes(again)
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} == set()


def test_close_folder_is_private_and_whole(sample_close: Path) -> None:
    assert sample_close.stat().st_mode & 0o777 == 0o700
    assert not list(sample_close.parent.glob("*.partial"))
    assert not list(sample_close.rglob("*.partial*"))
    for name in ("manifest.json", "pack.json", "run.json", "html/index.html", "inputs/policy.yaml"):
        assert (sample_close / name).is_file(), name
