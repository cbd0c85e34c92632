"""Further tries: how often, how long between them, and how long in all."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import stamina
from stamina.instrumentation import set_on_retry_hooks

from recon_kit.extract.pulling.faults import PullStopped, TryAgain
from recon_kit.extract.timed_adapter import TimeOuts

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_LOG = logging.getLogger("recon_kit.extract")


@dataclass(frozen=True)
class Patience:
    """How often a request is made, and how many seconds may pass.

    Attributes:
        time_outs: of one try.
        attempts: tries in all.
        total: for all tries together; no new one begins later.
        first_wait: before the second try; doubles with each further one, plus jitter.
        longest_wait: between two tries.
    """

    time_outs: TimeOuts = field(default_factory=TimeOuts)
    attempts: int = 8
    total: float = 300
    first_wait: float = 0.5
    longest_wait: float = 30


class TriesExhausted(RuntimeError):  # noqa: N818  (says what it is)
    """The last try failed, too.

    Attributes:
        attempts: how often it was tried.
    """

    def __init__(self, message: str, attempts: int) -> None:
        super().__init__(message)
        self.attempts = attempts

    def stops(self, system: str) -> PullStopped:
        """Tell it of the first question of a pull, which nothing can follow."""
        return PullStopped(
            f"{system} gave no usable answer in {self.attempts} tries ({self}). Check the network and {system}'s "
            "status page, then run again: what was pulled so far is kept."
        )


def with_retries(call: Callable[[], T], patience: Patience, *, on_retry: Callable[[TryAgain], None]) -> T:
    """Call until it succeeds or patience ends.

    Args:
        call: raises ``TryAgain`` when a further try is worth while; any other error passes through.
        patience: how often and how long.
        on_retry: told of each failure that may be tried again, also of the last.

    Raises:
        TriesExhausted: the last try failed, too.
    """
    set_on_retry_hooks(())  # else stamina writes every retry to the terminal, through the progress bar
    number = 0
    try:
        for attempt in stamina.retry_context(
            on=_wait,
            attempts=patience.attempts,
            timeout=patience.total,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.first_wait,
        ):
            with attempt:
                number = attempt.num
                return _told(call, on_retry)
    except TryAgain as last:
        raise TriesExhausted(str(last), number) from None
    raise AssertionError  # stamina either returns or raises


def _told(call: Callable[[], T], on_retry: Callable[[TryAgain], None]) -> T:
    try:
        return call()
    except TryAgain as fault:
        _LOG.info("to be tried again: %s", fault)
        on_retry(fault)
        raise


def _wait(fault: Exception) -> bool | float:
    if isinstance(fault, TryAgain) and fault.after:
        return fault.after
    return isinstance(fault, TryAgain)
