"""One thing that was looked at: it is well, or what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from recon_kit import clock
from recon_kit.extract.pulling.retrying import Patience
from recon_kit.extract.timed_adapter import TimeOuts

QUICK = Patience(TimeOuts(connect=10, read=30, whole=60), attempts=3, total=60, longest_wait=2)
"""Somebody sits before the screen."""
_FARTHEST = 60
"""Seconds that our clock may differ from a system's."""


class State(Enum):
    """How a thing stands."""

    OK = "ok"
    NOTE = "note"
    FAULT = "to do"


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        state: well, worth knowing, or to be put right before a pull.
        where: the system or part of the machine.
        words: what was found and, unless it is well, what to do.
    """

    state: State
    where: str
    words: str

    @property
    def is_fault(self) -> bool:
        """Whether a pull or a close would stop on it."""
        return self.state is State.FAULT

    def __str__(self) -> str:
        return f"{self.state.value:<5}  {self.where}: {self.words}"


def ok(where: str, words: str) -> Finding:
    """Say that something is well."""
    return Finding(State.OK, where, words)


def note(where: str, words: str) -> Finding:
    """Say something worth knowing."""
    return Finding(State.NOTE, where, words)


def fault(where: str, words: str) -> Finding:
    """Say what has to be put right."""
    return Finding(State.FAULT, where, " ".join(words.split()))


def clock_finding(where: str, theirs: int | None) -> Finding:
    """Compare our clock with the system's own, in seconds since 1970, as an answer just received told it."""
    if theirs is None:
        return note(where, "its answers carry no date, so this machine's clock could not be compared.")
    apart = clock.epoch() - theirs
    if abs(apart) <= _FARTHEST:
        return ok(where, f"this machine's clock agrees to {abs(apart)} seconds")
    return fault(
        where,
        f"this machine's clock is {abs(apart):,} seconds {'ahead of' if apart > 0 else 'behind'} the system's. Let it "
        "be set by network time: logins are refused and changes missed when it is wrong.",
    )
