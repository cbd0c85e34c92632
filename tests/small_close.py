"""A finished close of a company of a few accounts, made without kernels: tables, manifest, index page, pack."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from recon_kit.artifacts import SIGNATURE, digest_file
from recon_kit.run import open_run
from recon_kit.runner import manifest as of_close
from recon_kit.runner.alerts_file import write_alerts
from recon_kit.runner.pages import write_index
from recon_kit.runner.stages import chosen_stages
from recon_kit.runner.superseding import signed_before
from recon_kit.runner.swap import partial_of, place_for, put_in_place
from tests.raw_company import Snapshot
from tests.whole_close import run_cells, write_params

BY = "Jane Doe"
TERM = "2026-03-01..2027-02-28"


def small_company(folder: Path, *, sold_more: bool = True) -> Path:
    """Three accounts as raw files: one agrees, one was sold 400 more than it is billed, one is billed and not sold."""
    snapshot = Snapshot()
    snapshot.add(1, f"o1 1,000 {TERM}", "s1 1,000 2026-03-01")
    snapshot.add(2, f"o2 {'2,400' if sold_more else '2,000'} {TERM}", "s2 2,000 2026-03-01")
    snapshot.add(3, "", "s3 700 2026-03-01")
    folder.parent.mkdir(parents=True, exist_ok=True)
    return snapshot.write(folder)


def small_close(folder: Path, *, sold_more: bool = True, **settings: Any) -> Path:
    """Close that company into ``folder/closes``, or beside what is signed there."""
    raw = folder / "raw"
    if not raw.is_dir():
        small_company(raw, sold_more=sold_more)
    return close_again(
        write_params(folder, raw, **settings), folder / "closes" / str(settings.get("as_of", "2026-10-31"))
    )


def close_again(params: Path, wanted: Path) -> Path:
    """Close what the params name, as the runner does but in this process and without the notebooks' pages."""
    place = place_for(wanted)
    partial = partial_of(place)
    shutil.rmtree(partial, ignore_errors=True)
    run_cells(params, partial)
    run = open_run("close", params=str(params), close_dir=str(partial))
    of_close.write_manifest(run, chosen_stages())
    write_alerts(run.folder)
    write_index(run, [], digest_file(partial / "manifest.json"), signed=signed_before(place))
    of_close.write_pack(partial)
    put_in_place(partial, place)
    return place


def everything(folder: Path) -> dict[str, bytes]:
    """Every byte of a folder, by relative path."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def is_signed(folder: Path) -> bool:
    return (folder / SIGNATURE).is_file()
