"""The record of a pull: what was asked, what came, what did not, and from which pulls the snapshot descends."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from recon_kit.artifacts import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Missing:
    """A part that could not be pulled.

    Attributes:
        object_name: as its raw file is called.
        shard: which part, in words: the path asked and the range of time.
        error: why, in words.
        attempts: how often it was tried.
        gte: begin of its range of time, as the records' ``at``; none: from the first.
        lt: end of its range; none: to the newest.
        parent: the object whose own list it is, such as the invoice of lines; none: it is a list of objects.
        exposed: the money its records held when they were last pulled, in minor units by currency.
    """

    object_name: str
    shard: str
    error: str
    attempts: int
    gte: int | None = None
    lt: int | None = None
    parent: str | None = None
    exposed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PullRecord:
    """What a pull did.

    Attributes:
        system: ``stripe`` or ``salesforce``.
        snapshot: the folder's name.
        kind: ``full``, or ``incremental``: what changed since the snapshot before, merged into a copy of it.
        why_full: why a full pull was due; empty for an incremental one.
        started_at: ISO 8601 in UTC; a pull that was resumed began when its first part did.
        finished_at: the same; when it ended, complete or not.
        api_version: that was asked for.
        mode: ``live`` or ``test``.
        lineage: names of the snapshots this one descends from, back to the last full pull, newest first.
        queries: what was asked, by object.
        rows: records in the snapshot, by object.
        counted_by_api: what the API itself counts, by object, where it does.
        requests: sent in all, tries that failed included.
        retries: requests that were sent again.
        rate_limited: answers that refused a request as one too many.
        absent: objects that could not be asked for, with the reason.
        missing: parts that failed for good.
        notes: other remarks for the reader.
        complete: whether nothing is missing.
    """

    system: str
    snapshot: str
    kind: Literal["full", "incremental"]
    started_at: str
    finished_at: str
    api_version: str
    mode: str
    why_full: str = ""
    lineage: tuple[str, ...] = ()
    queries: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    counted_by_api: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    absent: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True

    def to_json(self) -> bytes:
        """Write the record as canonical JSON."""
        return canonical_json(dataclasses.asdict(self))

    @classmethod
    def read(cls, file: Path) -> PullRecord:
        """Read what ``to_json`` wrote."""
        given: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        given |= {name: tuple(given[name]) for name in ("lineage", "notes")}
        given["missing"] = tuple(Missing(**each) for each in given["missing"])
        return cls(**given)
