"""A run killed at any moment leaves the close before it untouched, and the next run succeeds.

A file named ``sitecustomize`` on the path of the run and of its kernels counts renames and kills the process group at a
given one, so the product has no hook for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from recon_kit.commands.verify import verify
from recon_kit.params import SAMPLE_FOLDER, SAMPLE_PARAMS
from tests.small_close import small_company
from tests.whole_close import evidence_bytes, recon, write_params

KILLER = """
import os, signal, sys
_target = os.environ.get("KILL_AT_RENAME_OF", "")
_when = os.environ.get("KILL_WHEN", "before")
if _target:
    import pathlib
    _root = int(os.environ.setdefault("KILL_ROOT", str(os.getpid())))
    def _kill():
        for group in sorted({os.getpgid(_root), os.getpgid(0)}, key=lambda group: group == os.getpgid(0)):
            os.killpg(group, signal.SIGKILL)
    def _guard(original):
        def rename(self, target):
            hit = _target in str(target)
            if hit and _when == "before":
                _kill()
            result = original(self, target)
            if hit:
                _kill()
            return result
        return rename
    pathlib.Path.replace = _guard(pathlib.Path.replace)
    pathlib.Path.rename = _guard(pathlib.Path.rename)
    _cdll = __import__("ctypes").CDLL
    class _Watched(_cdll):
        def __getattr__(self, name):
            function = super().__getattr__(name)
            if name != "renameat2" or _target != "FINAL":
                return function
            def exchange(*arguments):
                if _when == "before":
                    _kill()
                function(*arguments)
                _kill()
            return exchange
    __import__("ctypes").CDLL = _Watched
"""

WRITE_POINTS = [
    "raw/stripe/invoices.jsonl",
    "inputs/policy.yaml",
    "tables/contracts.parquet",
    "tables/gaps.parquet",
    "notebooks/02_normalise.ipynb",
    "manifest.json",
    "html/index.html",
    "pack.json",
    "run.json",
    "FINAL",
]
ALWAYS = [("tables/contracts.parquet", "before"), ("FINAL", "before")]
IN_SOAK = [(point, when) for point in WRITE_POINTS for when in ("before", "after") if (point, when) not in ALWAYS]


@pytest.fixture
def good_close(sample_close: Path, tmp_path: Path) -> Path:
    shutil.copytree(sample_close, tmp_path / "closes" / "good")
    return tmp_path / "closes" / "good"


@pytest.fixture(scope="module")
def small_params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of three accounts, which closes in half the time of the sample."""
    folder = tmp_path_factory.mktemp("small")
    return write_params(folder, small_company(folder / "raw"))


def start(close: Path, tmp_path: Path, params: Path = SAMPLE_PARAMS, **environment: str) -> subprocess.Popen[bytes]:
    hooks = tmp_path / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(KILLER, encoding="utf-8")
    command = [sys.executable, "-m", "recon_kit", "close", "--params", str(params), "--out", str(close)]
    return subprocess.Popen(
        [*command, "--no-progress"],
        env={**os.environ, "PYTHONPATH": str(hooks), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def assert_untouched(close: Path, before: dict[str, bytes], source: Path = SAMPLE_FOLDER) -> None:
    after = evidence_bytes(close)
    assert after == before
    assert (close / "pack.json").is_file()
    assert (close / "html" / "index.html").is_file()
    assert_nothing_half_written(close.with_name(close.name + ".partial"), source)


def assert_nothing_half_written(folder: Path, source: Path) -> None:
    """Read every file that carries a final name to its end."""
    for file in folder.rglob("*"):
        if not file.is_file() or ".partial" in file.name:
            continue
        if file.suffix == ".parquet":
            pl.read_parquet(file)
        elif file.suffix in {".json", ".ipynb"}:
            json.loads(file.read_text(encoding="utf-8"))
        elif file.suffix == ".html":
            assert file.read_text(encoding="utf-8").rstrip().endswith("</html>")
        elif file.parent.name in {"stripe", "salesforce"}:
            assert file.read_bytes() == (source / file.parent.name / file.name).read_bytes()


@pytest.mark.parametrize(
    ("point", "when"), [*ALWAYS, *(pytest.param(*moment, marks=pytest.mark.soak) for moment in IN_SOAK)]
)
def test_killed_at_a_write_point(good_close: Path, small_params: Path, tmp_path: Path, point: str, when: str) -> None:
    before = evidence_bytes(good_close)
    process = start(good_close, tmp_path, small_params, KILL_AT_RENAME_OF=point, KILL_WHEN=when)
    assert process.wait(timeout=180) == -signal.SIGKILL, "the run never came to this write point"
    assert_untouched(good_close, before, small_params.with_name("raw"))
    if point == "FINAL" and when == "before":
        done = recon("close", "--params", str(small_params), "--out", str(good_close), "--no-progress")
        assert done.returncode == 0, done.stderr
        assert verify(good_close, reperform=False) == []
        assert evidence_bytes(good_close) != before, "the new close stands in the place of the old"


@pytest.mark.soak
def test_killed_at_ten_random_moments(good_close: Path, tmp_path: Path) -> None:
    before = evidence_bytes(good_close)
    random_moments = random.Random(20261031)
    for _ in range(10):
        process = start(good_close, tmp_path)
        time.sleep(random_moments.uniform(0.5, 18))
        kill_group(process)
        assert_untouched(good_close, before)
    assert recon("close", "--params", str(SAMPLE_PARAMS), "--out", str(good_close), "--no-progress").returncode == 0
    assert_untouched(good_close, before)
