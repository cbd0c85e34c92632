"""How fast a system may be asked: one limit for all threads, which gives way when the system says it is too much."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from recon_kit import clock

if TYPE_CHECKING:
    from collections.abc import Callable

_BURST_SECONDS = 0.1
"""Requests of so long a time may go out at once, so that a thread that wakes late costs no throughput."""
_FALL, _DEEPEST_FALL = 0.95, 0.5
_SLOWEST = 0.02
"""Of the wanted rate; it never falls below."""
_ONE_REFUSAL = 1.0
"""Refusals within so many seconds are one: their requests were under way together."""
_RECOVERY, _PROBING = 0.05, 0.003
"""A second without a refusal: of the wanted rate; of the rate in force, near where the system refused before."""
_KNOWN_GOOD = 0.95
"""Of the rate at which the system refused."""


class RateLimiter:
    """Spaces requests evenly, and finds the rate that the system allows when it is lower than what is wanted.

    On a refusal the rate falls to what was accepted in the second before, at least by a twentieth and at most by half.
    It recovers quickly up to a twentieth below where it was refused, and slowly from there: few requests are refused.

    Reference: the generic cell rate algorithm (ITU-T I.371), which is a token bucket without a timer.
    """

    def __init__(
        self,
        per_second: float,
        *,
        elapsed: Callable[[], float] = clock.elapsed,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wanted = self._rate = self._refused_rate = per_second
        self._elapsed, self._sleep = elapsed, sleep
        self._lock = threading.Lock()
        self._next = self._recovered = elapsed()
        self._refused_at: float | None = None
        self._accepted: deque[float] = deque()

    @property
    def per_second(self) -> float:
        """The rate in force, in requests per second."""
        with self._lock:
            return self._rate

    def acquire(self) -> None:
        """Wait until one more request may go out."""
        with self._lock:
            now = self._elapsed()
            self._recover(now)
            turn = max(self._next, now - _BURST_SECONDS)
            self._next = turn + 1 / self._rate
        if turn > now:
            self._sleep(turn - now)

    def accept(self) -> None:
        """Note that the system answered a request."""
        with self._lock:
            self._accepted.append(self._elapsed())
            self._forget(self._accepted[-1])

    def refuse(self, retry_after: float | None = None) -> None:
        """Note that the system refused a request as one too many.

        Args:
            retry_after: seconds that it asked to wait; nothing goes out before.
        """
        with self._lock:
            now = self._elapsed()
            if self._refused_at is None or now - self._refused_at >= _ONE_REFUSAL:
                self._forget(now)
                self._refused_rate, self._refused_at = self._rate, now
                allowed = min(self._rate * _FALL, max(len(self._accepted), self._rate * _DEEPEST_FALL))
                self._rate = max(allowed, self._wanted * _SLOWEST)
            self._recovered = now
            self._next = max(self._next, now + (retry_after or 0))

    def _forget(self, now: float) -> None:
        while self._accepted and self._accepted[0] < now - 1:
            self._accepted.popleft()

    def _recover(self, now: float) -> None:
        is_near = self._rate >= _KNOWN_GOOD * self._refused_rate
        a_second = self._rate * _PROBING if is_near else self._wanted * _RECOVERY
        self._rate = min(self._wanted, self._rate + a_second * (now - self._recovered))
        self._recovered = now
