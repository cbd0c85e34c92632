"""Challenge a close: plant known errors in a copy of its raw data, run it again, and tell what it found of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from recon_kit.artifacts import MANIFEST, CloseFolder, digest_file
from recon_kit.commands.challenge.findings import Asked, Findings
from recon_kit.commands.challenge.hosts import healthy_hosts
from recon_kit.commands.challenge.outcome import judge
from recon_kit.commands.challenge.report import as_text, write_report
from recon_kit.commands.challenge.rerun import Rerun, ground_of
from recon_kit.commands.challenge.rounds import cases_of, in_order, plan_round
from recon_kit.policy import SettingsError
from recon_kit.runner.manifest import code_digests, read_json
from recon_kit.runner.stages import chosen_stages

if TYPE_CHECKING:
    from collections.abc import Callable

_HOSTS_A_CASE = 2
"""So many accounts are looked at for a case, at most: a large company has more than any round needs."""


def challenge(asked: Asked, tell: Callable[[str], None] = lambda _: None) -> Findings:
    """Plant errors in copies of a close's raw data and run it again, in rounds.

    Args:
        asked: the close and how thoroughly.
        tell: is told what is being done.

    Raises:
        SettingsError: the folder is no finished close, or its raw data were purged.
    """
    close = CloseFolder(asked.folder.resolve())
    if not close.is_finished:
        message = f"{asked.folder} is no finished close: it has no {MANIFEST}."
        raise SettingsError(message)
    if not close.raw.is_dir():
        message = f"{asked.folder} was purged: its raw data are not kept, so it cannot be run again."
        raise SettingsError(message)
    manifest = read_json(close.path / MANIFEST)
    with tempfile.TemporaryDirectory(prefix="recon-challenge-") as scratch:
        again = Rerun(close, manifest, Path(scratch))
        base = close if manifest["code"] == code_digests(chosen_stages()) else again.plain(tell)
        return _in_rounds(asked, close, base, again, tell)


def _in_rounds(
    asked: Asked, close: CloseFolder, base: CloseFolder, again: Rerun, tell: Callable[[str], None]
) -> Findings:
    ground = ground_of(base, again.manifest)
    hosts = healthy_hosts(base, ground.terms.policy, ground.terms.as_of)
    found = Findings(
        asked,
        again.manifest["as_of"],
        ground.terms.policy.reporting_currency,
        digest_file(close.path / MANIFEST),
        len(hosts),
        cases=cases_of(asked.per_class),
    )
    random = Random(asked.seed)  # noqa: S311  (a seed, so that a challenge can be repeated)
    left = random.sample(found.cases, len(found.cases))
    hosts = in_order(hosts, random)[: _HOSTS_A_CASE * len(left)]
    before = base.read_table("gaps").collect()
    while left and found.closes < asked.closes:
        this, left, refused = plan_round(left, hosts, base.raw, ground, random)
        if not this.planted:
            found.untested |= refused
            return found
        tell(f"Round {found.closes + 1}: {len(this.planted)} errors planted, {len(left)} left for the next.")
        done = again.with_errors(this.snapshot, found.closes + 1)
        components = done.read_table("gap_components").collect()
        outcomes, alarms = judge(this.planted, before, done.read_table("gaps").collect(), components)
        found.closes += 1
        found.planted += [case for case, _ in this.planted]
        found.outcomes += outcomes
        found.false_alarms += alarms
    found.untested |= dict.fromkeys(left, f"{asked.closes} re-runs were allowed (--closes), and this one needs another")
    return found


__all__ = ["Asked", "Findings", "as_text", "challenge", "write_report"]
