"""Run a campaign and print where its cases ended; exit 1 where a promise was broken."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from .campaign import Campaign
from .judging import Tally, Violation


def report(tally: Tally, seconds: float) -> str:
    """Outcome classes with their counts, and the time of reading beside reading the same files undamaged."""
    lines = [f"{count:>9,}  {end}" for end, count in sorted(tally.ends.items(), key=lambda pair: (-pair[1], pair[0]))]
    ratio = tally.seconds / tally.baseline_seconds if tally.baseline_seconds else 0.0
    lines.append(f"{tally.cases:>9,}  cases in {tally.reads:,} reads and {seconds:.0f} s")
    lines.append(f"{ratio:>9.2f}  times the baseline: reading the same files undamaged")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--only", help="one batch, such as 'stripe 3'")
    parser.add_argument("--keep-going", action="store_true", help="list every broken promise, not only the first")
    chosen = parser.parse_args()
    begun = time.perf_counter()
    total, broken = Tally(), []
    print(f"seed {chosen.seed}")
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(chosen.seed, Path(folder))
        for kind, number, cases in campaign.plan(chosen.cases):
            if chosen.only in (None, f"{kind} {number}"):
                try:
                    total.add(campaign.run_batch(kind, number, cases))
                except Violation as fault:
                    broken.append(str(fault))
                    print(broken[-1])
                    if not chosen.keep_going:
                        break
    print(report(total, time.perf_counter() - begun))
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
