"""Seeded schedules of faults: every pull ends whole, or says what is missing; nothing hangs, nothing is lost or twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.loopback.schedules import ROOT
from tests.world import build_world

SECONDS = 150
"""A schedule that takes longer hangs."""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder that is pulled within seconds."""
    folder = tmp_path_factory.mktemp("small")
    build_world(9, 40).render(folder, shape="new", gzip=False)
    return folder


def faults_of(company: Path, seed: int) -> str:
    command = [sys.executable, "-m", "tests.loopback.schedules", str(company), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.stdout + (done.stderr if done.returncode else "")


@pytest.mark.parametrize("seed", [*range(18), 26, 152])
def test_every_pull_ends_whole_or_says_what_is_missing(small, seed):
    assert faults_of(small, seed) == ""


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20, 220))
def test_two_hundred_more(small, seed):
    assert faults_of(small, seed) == ""
