"""Faults by schedule: which request of which subject breaks, how, and how often.

A fault is ``{"kind": "torn", "subject": "invoices", "at": 3, "times": 2}``: the third and fourth request of that
subject are broken. ``subject`` may end with ``*``; ``times`` null breaks every later one too.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

BOTH = (
    "500",
    "503",
    "html_200",
    "html_502",
    "empty_200",
    "reset",
    "reset_in_body",
    "torn",
    "torn_chunk",
    "slow",
    "late",
    "hang",
)
STRIPE_KINDS = (*BOTH, "429", "429_retry_after", "401", "403")
SALESFORCE_KINDS = (
    *BOTH,
    "401",
    "403",
    "session_expired",
    "limit_exceeded",
    "job_failed",
    "job_aborted",
    "job_expired",
)
UNKNOWN_ADDRESS = "404"
"""An answer of Stripe that knows no such path at all; no schedule draws it."""
KINDS = frozenset((*STRIPE_KINDS, *SALESFORCE_KINDS, UNKNOWN_ADDRESS))
SECONDS = {"slow": 1.0, "late": 1.0, "hang": 600.0}
LASTING = ("401", "403", "500", "503", "html_200", "torn", "reset", "hang")  # what does not go away by itself


@dataclass(frozen=True)
class Breakage:
    """How one answer breaks."""

    kind: str
    seconds: float = 0


@dataclass
class Fault:
    """One line of a schedule."""

    kind: str
    subject: str
    at: int
    times: int | None
    seconds: float
    given: int = 0

    def hits(self, subject: str, number: int) -> bool:
        """Whether a request is to be broken."""
        is_spent = self.times is not None and self.given >= self.times
        return number >= self.at and not is_spent and fnmatchcase(subject, self.subject)


def fault(line: Mapping[str, Any]) -> Fault:
    """Read one line of a schedule; raises ValueError for what is not known."""
    unknown = set(line) - {"kind", "subject", "at", "times", "seconds"}
    if unknown or line["kind"] not in KINDS:
        message = f"{dict(line)} is no fault: kinds are {', '.join(sorted(KINDS))}"
        raise ValueError(message)
    kind, times = str(line["kind"]), line.get("times", 1)
    seconds = float(line.get("seconds", SECONDS.get(kind, 0)))
    return Fault(kind, str(line.get("subject", "*")), int(line.get("at", 1)), times, seconds)


class FaultSchedule:
    """The faults of one server."""

    def __init__(self, lines: Iterable[Mapping[str, Any]] = ()) -> None:
        self.faults: list[Fault] = []
        self.plan(lines)

    def plan(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Replace the schedule."""
        self.faults = [fault(line) for line in lines]

    def breakage(self, subject: str, number: int) -> Breakage | None:
        """How this request breaks; the first fault that hits it is used up once."""
        for found in self.faults:
            if found.hits(subject, number):
                found.given += 1
                return Breakage(found.kind, found.seconds)
        return None

    def left(self) -> int:
        """Faults that nothing has met yet."""
        return sum(found.given == 0 for found in self.faults)


def seeded_faults(
    seed: int,
    subjects: Sequence[str],
    kinds: Sequence[str],
    *,
    count: int = 4,
    latest: int = 6,
    lasting_share: float = 0.2,
    hang_seconds: float = 600.0,
) -> list[dict[str, object]]:
    """A schedule that follows from its seed: some faults once or a few times, some for good."""
    chosen = random.Random(f"faults {seed}")
    lines: list[dict[str, object]] = []
    for _ in range(count):
        kind = chosen.choice(list(kinds))
        is_lasting = kind in LASTING and chosen.random() < lasting_share
        lines.append(
            {
                "kind": kind,
                "subject": chosen.choice(list(subjects)),
                "at": chosen.randint(1, latest),
                "times": None if is_lasting else chosen.randint(1, 3),
                "seconds": hang_seconds if kind == "hang" else SECONDS.get(kind, 0),
            }
        )
    return lines
