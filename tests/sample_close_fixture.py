"""One close of the sample, made by the product's own command, shared by all tests that only read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from recon_kit.params import SAMPLE_PARAMS
from tests.whole_close import recon


@pytest.fixture(scope="session")
def sample_close(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run ``recon close`` on the embedded sample once a test session (shared between workers)."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    close = shared / "sample-close" / "2026-10-31"
    with FileLock(shared / "sample-close.lock"):
        if not (close / "run.json").is_file():
            result = recon("close", "--params", str(SAMPLE_PARAMS), "--out", str(close), "--no-progress")
            assert result.returncode == 0, result.stderr
    return close
