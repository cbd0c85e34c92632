"""Fill ``raw/`` from the systems themselves, once per close folder; the record of each pull lies in ``raw/pull/``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon_kit.artifacts import FinishedClose
from recon_kit.extract.pull_exposure import with_exposure
from recon_kit.extract.pull_record import pull_records, record_file
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.artifacts import CloseFolder
    from recon_kit.extract.pulling.record import PullRecord
    from recon_kit.extract.pulling.retrying import Patience
    from recon_kit.params import Params
    from recon_kit.policy import Policy

SNAPSHOTS = ".snapshots"
"""Folder beside the closes in which pulls are kept, unless ``source.<system>.path`` names another."""


@dataclass(frozen=True)
class _Asked:
    """How to pull."""

    params: Params
    policy: Policy
    environment: Mapping[str, str]
    patience: Patience | None
    show_progress: bool


def pull_raw(
    folder: CloseFolder,
    params: Params,
    policy: Policy,
    *,
    environment: Mapping[str, str] | None = None,
    show_progress: bool = True,
    patience: Patience | None = None,
) -> list[PullRecord]:
    """Pull from each system of kind ``api``, unless this close folder has been pulled already.

    The snapshot is brought up to date (or made), its objects are written to ``raw/<system>``, and, last, what the pull
    did to ``raw/pull/<system>.json``.

    Args:
        folder: the close folder.
        params: which systems, where snapshots are kept.
        policy: mode and pace.
        environment: where credentials and addresses stand; none: the process's own.
        show_progress: whether a bar is shown.
        patience: time-outs and tries of a request; none: those of the kit.

    Returns:
        The records that lie in the folder: of these pulls, or of earlier ones that came with its files.

    Raises:
        SettingsError: a pull cannot be made or go on; what was pulled is kept, and the next run goes on from there.
        FinishedClose: the close is finished, and was not made by a pull.
    """
    around = os.environ if environment is None else environment
    for system in (STRIPE, SALESFORCE):
        if getattr(params.source, system).kind == "api" and not record_file(folder.raw, system).is_file():
            asked = _Asked(params, policy, around, patience, show_progress)
            _pull(system, folder, asked)
    return pull_records(folder)


def snapshots_of(params: Params, system: str) -> Snapshots:
    """Return the folder of a system's snapshots: the source's ``path``, or ``.snapshots`` beside the closes."""
    given = getattr(params.source, system).path
    return Snapshots(params.resolve(given) if given else params.resolve(params.closes_dir) / SNAPSHOTS, system)


def _pull(system: str, folder: CloseFolder, asked: _Asked) -> None:
    if folder.is_finished:
        message = f"The close {folder.path.name} is finished and was not pulled. Run `recon close` again to pull."
        raise FinishedClose(message)
    from recon_kit.extract import salesforce_api, stripe_api  # noqa: PLC0415  (the SDKs are slow to load; files need none)

    snapshots, shown = snapshots_of(asked.params, system), asked.show_progress
    home, around, patience = snapshots.folder, asked.environment, asked.patience
    if system == STRIPE:
        write_raw = stripe_api.write_raw
        record = stripe_api.pull_stripe(home, asked.policy, environment=around, show_progress=shown, patience=patience)
    else:
        write_raw = salesforce_api.write_raw
        record = salesforce_api.pull_salesforce(
            home, asked.params, asked.policy, environment=around, show_progress=shown, patience=patience
        )
    write_raw(snapshots.named(record.snapshot), folder.raw)
    told = with_exposure(record, snapshots, write_raw, asked.params, asked.policy)
    folder.write(record_file(folder.raw, system), told.to_json())
