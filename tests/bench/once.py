"""One way of reading, comparing or linking one company, in a process of its own: ``python -m tests.bench.once kit DIR`` prints JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

READING = {"duckdb": "tests.bench.baselines", "pandas": "tests.bench.plain_pandas", "kit": "tests.bench.kit"}
COMPARING = {
    "gaps": "tests.bench.gap_room",
    "bare tables": "tests.bench.bare_tables",
    "reference": "tests.bench.gap_reference",
}
LINKING = {"links": "tests.bench.link_model", "bare splink": "tests.bench.bare_splink"}
WAYS = READING | COMPARING | LINKING
"""Modules with ``measured(folder)``; only the one asked for is imported, or its memory would be that of all."""


def main() -> None:
    """Measure, and print a list on the last line."""
    way, folder = sys.argv[1:]
    print(json.dumps([asdict(found) for found in import_module(WAYS[way]).measured(Path(folder))]))


if __name__ == "__main__":
    main()
