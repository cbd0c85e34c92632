"""Run a whole close for tests: through the product's runner, or its notebooks' cells in this process (much faster)."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from recon_kit.runner.execute import execute_here
from recon_kit.runner.stages import chosen_stages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_params(folder: Path, source: Path, *, as_of: str = "2026-10-31", **settings: Any) -> Path:
    """Write a params file whose Stripe and Salesforce sources are the raw layout in ``source``."""
    files = {"kind": "files", "path": str(source)}
    content = {
        "as_of": as_of,
        "closes_dir": str(folder / "closes"),
        "source": {"stripe": files, "salesforce": files, "ledger": {"kind": "none"}, "bank": {"kind": "none"}},
        "previous": "none",
        **settings,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def run_cells(params: Path, close_dir: Path) -> Path:
    """Execute the code cells of every notebook in this process, as papermill would, without a kernel."""
    for stage in chosen_stages():
        execute_here(stage, {"params": str(params), "close_dir": str(close_dir)})
    return close_dir


def recon(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the ``recon`` command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "recon_kit", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def evidence_bytes(close: Path) -> dict[str, bytes]:
    """Read every byte the determinism promise covers, by relative path."""
    parts = [file for part in ("raw", "inputs", "tables") for file in (close / part).rglob("*") if file.is_file()]
    return {file.relative_to(close).as_posix(): file.read_bytes() for file in [close / "manifest.json", *parts]}


def table(close: Path, name: str) -> pl.DataFrame:
    """Read a table of a close folder."""
    return pl.read_parquet(close / "tables" / f"{name}.parquet")
