"""Folder: which close is meant, and what of it an evaluation needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import yaml

from recon_kit import journal
from recon_kit.artifacts import MANIFEST, PARTIAL, CloseFolder
from recon_kit.params import read_params
from recon_kit.policy import Policy, SettingsError, build_policy
from recon_kit.resolve.model import ModelInUse, model_in_use

_POLICY = "policy.yaml"
_TABLES = (
    "accounts",
    "contracts",
    "customers",
    "subscriptions",
    "account_keys",
    "customer_keys",
    "links",
    "candidates",
)


@dataclass(frozen=True)
class LinkedClose:
    """A close whose customers are linked: its name, policy, tables, decisions and link model."""

    name: str
    policy: Policy
    tables: dict[str, pl.DataFrame]
    decisions: pl.DataFrame
    linked_by: ModelInUse


def close_of(folder: Path | None, params: Path | None) -> Path:
    """Tell which close is meant: the folder given, else the newest finished one of the params (none: the sample's).

    Raises:
        SettingsError: there is none.
    """
    if folder is not None:
        return folder.resolve()
    settings = read_params(params)
    closes = settings.resolve(settings.closes_dir)
    if CloseFolder(settings.close_folder).is_finished:
        return settings.close_folder
    finished = [path.parent for path in closes.glob(f"*/{MANIFEST}")]
    if not finished:
        raise SettingsError(f"There is no finished close in {closes.name}. Run `recon close`, or name a close folder.")
    return max(finished, key=_age)


def _age(folder: Path) -> tuple[str, int, str]:
    """Order closes by day, then by revision (``2026-10-31.r2``)."""
    day, _, revision = folder.name.partition(".r")
    return day, int(revision) if revision.isdigit() else 1, folder.name


def read_linked_close(path: Path) -> LinkedClose:
    """Read a close, or a draft of one, up to its links.

    Raises:
        SettingsError: the folder is no close, or was made by a version without link keys.
    """
    close = CloseFolder(path)
    if not (close.inputs / _POLICY).is_file():
        raise SettingsError(f"{path.name} is no close folder: it has no inputs/{_POLICY}. Run `recon close` first.")
    missing = [name for name in _TABLES if not close.has_table(name)]
    if missing:
        raise SettingsError(
            f"The close {path.name} has no table {', '.join(missing)}. Run `recon close` again, with this version."
        )
    policy = build_policy(yaml.safe_load((close.inputs / _POLICY).read_text(encoding="utf-8")))
    tables = {name: close.read_table(name).collect() for name in _TABLES}
    return LinkedClose(
        path.name.removesuffix(PARTIAL),
        policy,
        tables,
        journal.read_decisions(close.inputs),
        model_in_use(close.inputs),
    )
