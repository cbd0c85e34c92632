"""The truth as CSV tables."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, fields

from .truth import Gap, Mrr
from .world import Link, World

GAP_FIELDS = [found.name for found in fields(Gap) if found.name not in {"components", "plant"}]
GAP_KEYS = ["family", "account_id", "opportunity_ids", "subscription_ids"]


def truth_tables(world: World, only: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
    """Name and CSV text of every table, or of some."""
    if only is None or "links" in only:
        yield "links", _csv([found.name for found in fields(Link)], map(astuple, world.links()))
    if only is not None:
        return
    truth = world.truth
    yield "mrr", _csv([found.name for found in fields(Mrr)], map(astuple, truth.mrr))
    yield "gaps", _csv(GAP_FIELDS, ([getattr(gap, name) for name in GAP_FIELDS] for gap in truth.gaps))
    parts = ([*(getattr(gap, key) for key in GAP_KEYS), *part] for gap in truth.gaps for part in gap.components)
    yield "components", _csv([*GAP_KEYS, "component", "amount_minor"], parts)
    yield "hard_negatives", _csv(["what", "ids", "why"], truth.hard_negatives)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """One table as text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
