"""One way of reading one company, in a process of its own: ``python -m tests.bench.once kit DIR`` prints JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

WAYS = {"duckdb": "tests.bench.baselines", "pandas": "tests.bench.plain_pandas", "kit": "tests.bench.kit"}
"""Modules with ``measured(raw)``; only the one asked for is imported, or its memory would be that of all three."""


def main() -> None:
    """Measure, and print a list on the last line."""
    way, raw = sys.argv[1:]
    print(json.dumps([asdict(found) for found in import_module(WAYS[way]).measured(Path(raw))]))


if __name__ == "__main__":
    main()
