"""Check the set-up without writing anything: each line is well, worth knowing, or says what to do."""

from __future__ import annotations

import os
import re
import shutil
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from recon_kit.commands.alert.addresses import address_findings
from recon_kit.extract.set_up import Finding, folder_findings, system_findings
from recon_kit.extract.set_up.finding import fault, note, ok
from recon_kit.params import REPOSITORY, read_params, read_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from recon_kit.params import Params

_LOCK = "requirements.lock"
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_GIB = 1024**3
_LEAST_FREE = 2
"""GiB: a close of 20,000 accounts and its snapshots take about one."""


def examine(params: Path, environment: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Look at all that a close by these params needs.

    Args:
        params: the YAML file.
        environment: credentials and addresses; none: the process's own.

    Returns:
        Findings as they are made: machine, sources from files, where alerts go, then the systems that are
        pulled from.

    Raises:
        SettingsError: the params or the policy cannot be read.
    """
    settings = read_params(params)
    policy = read_policy(settings)
    yield ok("params", f"{params.name} and its policy have no faults")
    yield from _machine_findings(settings)
    yield from folder_findings(settings)
    given = os.environ if environment is None else environment
    yield from address_findings(policy, given)
    yield from system_findings(settings, policy, given)


def _machine_findings(params: Params) -> Iterator[Finding]:
    yield _disk_finding(params.resolve(params.closes_dir))
    yield _library_finding(REPOSITORY / _LOCK)


def _disk_finding(closes: Path) -> Finding:
    there = next(folder for folder in (closes, *closes.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free / _GIB
    if not os.access(there, os.W_OK):
        return fault("disk", f"the folder for closes ({closes.name}) cannot be written to. Correct closes_dir.")
    if free < _LEAST_FREE:
        return fault("disk", f"{free:.1f} GiB are free where closes go; keep {_LEAST_FREE} GiB. Make room.")
    return ok("disk", f"{free:,.0f} GiB are free where closes go")


def _library_finding(lock: Path) -> Finding:
    """Compare the installed versions of what the kit itself requires with those it was tested with."""
    if not lock.is_file():
        return note("libraries", f"there is no {_LOCK} beside the kit to compare versions with.")
    locked: dict[str, set[str]] = {}
    for name, locked_version in _LOCKED.findall(lock.read_text(encoding="utf-8")):
        locked.setdefault(_canonical(name), set()).add(locked_version)
    differing = [
        f"{name} {installed} (locked {' or '.join(sorted(locked[name]))})"
        for name in _required()
        if (installed := _installed(name)) not in locked.get(name, {installed})
    ]
    if differing:
        return fault(
            "libraries", f"other versions than the kit was tested with: {', '.join(differing)}. Run make setup."
        )
    return ok("libraries", f"the versions of {_LOCK} are installed")


def _required() -> list[str]:
    stated = [line for line in requires("recon-kit") or [] if "extra ==" not in line]
    names = (_NAME.match(line) for line in stated)
    return sorted(_canonical(found[0]) for found in names if found)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
