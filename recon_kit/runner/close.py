"""Run a close: the notebooks in order into one folder, then its manifest, its pack, and the swap into place."""

from __future__ import annotations

import os
import platform
import shutil
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from filelock import FileLock, Timeout
from tqdm import tqdm

from recon_kit import clock, extract
from recon_kit.artifacts import EVIDENCE_PARTS, MANIFEST, RUN, CloseFolder, canonical_json, write_atomically
from recon_kit.params import SAMPLE_PARAMS, read_params
from recon_kit.policy import SettingsError
from recon_kit.run import Run, open_run
from recon_kit.runner.alerts_file import write_stopped_alerts
from recon_kit.runner.execute import execute
from recon_kit.runner.manifest import params_given, read_json, settings_of, write_manifest, write_pack
from recon_kit.runner.outputs import write_outputs
from recon_kit.runner.pages import write_pages
from recon_kit.runner.pseudonymised import pseudonym_key, write_pseudonymised
from recon_kit.runner.stages import Stage, chosen_stages
from recon_kit.runner.superseding import signed_before
from recon_kit.runner.swap import partial_of, place_for, put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True)
class Request:
    """What was asked for: the params file, overrides, and where to put the close."""

    params: Path | None = None
    as_of: str | None = None
    out: Path | None = None
    only: tuple[str, ...] = ()
    pages: bool = True
    progress: bool = True
    pseudonymise: bool = False
    on_stopped: Callable[[Path], object] | None = None
    """Is given the folder left behind, with its alerts, when the close stops while it reads the systems."""


@dataclass
class Timings:
    """Clock times of a run, for ``run.json`` only."""

    started_at: str = field(default_factory=clock.now)
    seconds: dict[str, float] = field(default_factory=dict)


def run_close(request: Request) -> Path:
    """Run a close and put it in place.

    Returns:
        The close folder; where ``only`` names but the first rooms, the folder ``….partial`` that they filled, which is
        no close yet.

    Raises:
        SettingsError: params, policy, ``out``, ``only`` or the key of the pseudonymised pack cannot be used, or another
            run holds the folder.
        ControlBroken: a control does not tie; what was done stays in ``….partial``.
        StageFailed: a notebook failed; it stays in ``….partial`` with its error.
        NotPseudonymous: the close stands, and its pseudonymised pack would have told who somebody is.
    """
    params = read_params(request.params, as_of=request.as_of)
    wanted = request.out.resolve() if request.out else params.close_folder
    key = pseudonym_key(wanted) if request.pseudonymise else None
    wanted.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(wanted.parent / f".{wanted.name}.lock", timeout=0):
            place = _run_locked(request, wanted)
            if key and CloseFolder(place).is_finished:
                write_pseudonymised(place, key)
            return place
    except Timeout as fault:
        message = f"Another run is writing {wanted.name}. Wait until it ends, or choose another --out."
        raise SettingsError(message) from fault


def _run_locked(request: Request, wanted: Path) -> Path:
    stages = chosen_stages(request.only)
    place = place_for(wanted)
    run = _begin(request, stages, place)
    timings = Timings()
    if stages[0] == chosen_stages()[0]:
        with _told_when_stopped(run, request):
            extract.pull_raw(run.folder, run.params, run.policy, show_progress=request.progress)
    for stage in tqdm(
        stages, desc="close", unit="notebook", disable=None if request.progress else True, bar_format=_BAR
    ):
        with _told_when_stopped(run, request) if stage == chosen_stages()[0] else nullcontext():
            _run_stage(run, stage, request, timings)
    if stages[-1] != chosen_stages()[-1]:
        return run.folder.path
    all_stages = [stage for stage in chosen_stages() if (run.folder.notebooks / f"{stage.name}.ipynb").is_file()]
    write_manifest(run, all_stages)
    if request.pages:
        began = clock.elapsed()
        write_outputs(run)
        write_pages(run, all_stages, signed=signed_before(place))
        timings.seconds["pages"] = clock.elapsed() - began
    write_pack(run.folder.path)
    _write_run_record(run, request, timings)
    put_in_place(run.folder.path, place)
    return place


@contextmanager
def _told_when_stopped(run: Run, request: Request) -> Iterator[None]:
    """Leave alerts behind when the systems could not be read, and hand them on."""
    try:
        yield
    except Exception as fault:
        write_stopped_alerts(run, fault)
        if request.on_stopped:
            request.on_stopped(run.folder.path)
        raise


_BAR = "{desc:<14} {bar:24} {n_fmt}/{total_fmt}  {elapsed}"


def _begin(request: Request, stages: Sequence[Stage], place: Path) -> Run:
    partial = partial_of(place)
    shutil.rmtree(partial, ignore_errors=True)
    carried = stages[0] != chosen_stages()[0]
    finished = place if place.exists() else signed_before(place) or place
    if carried:
        _carry_over(finished, partial)
    run = open_run("close", params=_path(request.params), as_of=request.as_of, close_dir=str(partial))
    if carried:
        _require_same_settings(run, finished)
    return run


def _carry_over(place: Path, partial: Path) -> None:
    """Begin from the finished close when ``--only`` leaves out its first stages."""
    if CloseFolder(place).is_purged:
        message = f"{place.name} was purged: there is nothing for --only to begin from. Run the whole close."
        raise SettingsError(message)
    if not CloseFolder(place).is_finished:
        message = f"--only needs a finished close in {place.name} to begin from; run the whole close first."
        raise SettingsError(message)
    for part in (*EVIDENCE_PARTS, "notebooks"):
        shutil.copytree(place / part, partial / part)


def _require_same_settings(run: Run, place: Path) -> None:
    """Refuse to carry over tables that were made under another as-of, policy or params.

    Raises:
        SettingsError: names what differs.
    """
    before = read_json(place / MANIFEST)
    now = {
        "as_of": run.as_of.isoformat(),
        "policy": run.policy.model_dump(mode="json"),
        "params": settings_of(params_given(run)),
    }
    kept = {"as_of": before["as_of"], "policy": before["policy"], "params": settings_of(before["params"])}
    differing = [name for name in now if now[name] != kept[name]]
    if differing:
        message = (
            f"--only carries over the earlier tables of {place.name}, which were made with another "
            f"{' and another '.join(differing)}. Run the whole close."
        )
        raise SettingsError(message)


def _run_stage(run: Run, stage: Stage, request: Request, timings: Timings) -> None:
    tqdm.write(f"  {stage.name}: {stage.question}") if request.progress else None
    began = clock.elapsed()
    parameters = {
        "params": _path(request.params),
        "as_of": request.as_of,
        "close_dir": str(run.folder.path),
    }
    execute(stage, run.folder.notebooks / f"{stage.name}.ipynb", parameters)
    timings.seconds[stage.name] = clock.elapsed() - began


def _path(params: Path | None) -> str:
    return str((params or SAMPLE_PARAMS).resolve())


def _write_run_record(run: Run, request: Request, timings: Timings) -> None:
    record = {
        "started_at": timings.started_at,
        "finished_at": clock.now(),
        "seconds": {name: round(seconds, 2) for name, seconds in timings.seconds.items()},
        "threads": {"polars": pl.thread_pool_size(), "cores": os.cpu_count()},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "params": _path(request.params),
    }
    write_atomically(run.folder.path / RUN, canonical_json(record))
