"""What was asked of a challenge, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recon_kit.commands.challenge.outcome import FalseAlarm, Outcome
    from recon_kit.commands.challenge.rounds import Case


@dataclass(frozen=True)
class Asked:
    """What was asked for: the close, the seed, how often each class, and at most how many re-runs."""

    folder: Path
    seed: int = 0
    per_class: int = 1
    closes: int = 30


@dataclass
class Findings:
    """What a challenge found."""

    asked: Asked
    as_of: str
    currency: str
    manifest_sha256: str
    hosts: int
    closes: int = 0
    cases: list[Case] = field(default_factory=list)
    planted: list[Case] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    false_alarms: list[FalseAlarm] = field(default_factory=list)
    untested: dict[Case, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether errors were planted, all were found as they are, and nothing else was."""
        return (
            bool(self.outcomes)
            and not self.false_alarms
            and all(one.gap_id and not one.faults for one in self.outcomes)
        )
