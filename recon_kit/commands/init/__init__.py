"""Propose a params file for a folder of exports: what each file and column is, with the reason of each guess."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from recon_kit.commands.init.proposal import Proposal, propose
from recon_kit.commands.init.summary import summary
from recon_kit.commands.init.yaml_text import write_yaml
from recon_kit.params import read_params
from recon_kit.policy import SettingsError

__all__ = ["Proposal", "init", "propose", "summary", "write_yaml"]

PARAMS_FILE = "params.yaml"
_SHOWN = 20


def init(folder: Path, out: Path | None = None, as_of: str | None = None) -> tuple[Proposal, Path]:
    """Look through a folder of exports and write the params file proposed for it.

    Args:
        folder: whatever was exported: the raw layout, reports and Dashboard CSVs, warehouse tables, or a mixture.
        out: the params file to write; none: ``params.yaml`` in the folder.
        as_of: the day of the close; none: told from the data.

    Returns:
        The proposal and the file written. Where something is missing the file says so in comments.

    Raises:
        SettingsError: the folder does not exist or holds nothing a close can read, ``as_of`` is no date, or the params
            file exists already (nothing is changed then).
    """
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}. Give the folder that holds your exports.")
    target = (out or folder / PARAMS_FILE).absolute()
    _refuse_existing(target)
    proposal = propose(folder.resolve(), _day(as_of))
    if not proposal.findings.objects:
        raise SettingsError(_nothing_usable(folder, proposal.findings.unused))
    _write(target, write_yaml(proposal, target.parent.resolve() / target.name))
    read_params(target)
    return proposal, target


def _nothing_usable(folder: Path, unused: Mapping[str, str]) -> str:
    advice = "Put your exports of Stripe and Salesforce there (CSV, or JSON lines of the API) and run it again."
    if not unused:
        return f"{folder} holds no files. {advice}"
    shown = "\n".join(f"  - {name} {why}" for name, why in sorted(unused.items())[:_SHOWN])
    return f"{folder} holds nothing a close can read; no params file was written.\n{shown}\n{advice}"


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise SettingsError(
            f"{target} exists already and is never overwritten; nothing was changed. Rename it, or give another file "
            "with --out."
        )


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as fault:
        raise SettingsError(f"--as-of: {text!r} is no date; write it as 2026-10-31.") from fault


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        _refuse_existing(target)
    except OSError as fault:
        raise SettingsError(f"{target} cannot be written ({fault.strerror}). Give another file with --out.") from fault
