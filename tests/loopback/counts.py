"""What a server has been asked and has answered."""

import time
from collections import Counter


class Counts:
    """What a server has seen since it started or was last set to zero."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()
        self.at_once = 0
        self.largest_at_once = 0
        self.bytes_sent = 0

    def as_json(self) -> dict[str, object]:
        """Figures of the control path."""
        return {
            "requests": dict(self.requests),
            "statuses": dict(self.statuses),
            "faults": dict(self.faults),
            "total": sum(self.requests.values()),
            "rate_limited": self.statuses["429"],
            "largest_concurrency": self.largest_at_once,
            "largest_second": max(self.seconds.values(), default=0),
            "by_second": [self.seconds[second] for second in range(max(self.seconds, default=-1) + 1)],
            "bytes_sent": self.bytes_sent,
            "cpu_seconds": round(time.process_time(), 3),
        }
