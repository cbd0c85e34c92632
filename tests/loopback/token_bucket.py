"""A limit of requests a second."""

import time


class TokenBucket:
    """So many requests a second, as many at once after a pause."""

    def __init__(self, rate: float | None, burst: float | None) -> None:
        self.rate, self.size = rate, burst or rate or 0
        self.tokens, self.at = self.size, time.monotonic()

    def takes(self) -> bool:
        """Whether one more request may pass."""
        if not self.rate:
            return True
        now = time.monotonic()
        self.tokens, self.at = min(self.size, self.tokens + (now - self.at) * self.rate), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
