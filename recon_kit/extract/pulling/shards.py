"""What a pull works through (shards), what it brings back (records), and what it could not get (dead letters)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Shard:
    """A part of a list that is fetched page by page: a half-open range of time, or one object's own list.

    Attributes:
        object_name: as its raw file is called.
        key: identity within the pull; what remains of a shard keeps it.
        path: of the request.
        query: parameters besides paging and range; anything JSON can hold.
        gte: begin of the range, inclusive; none: from the first.
        lt: end of the range, exclusive; none: to the newest.
        after: cursor of the next page (an id, a locator, the address of the next page); none: the first page.
        pages: pages fetched so far.
        step: what is to be done with the answer, where a pull knows several kinds of shards.
    """

    object_name: str
    key: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    gte: int | None = None
    lt: int | None = None
    after: str | None = None
    pages: int = 0
    step: str = "list"

    def to_json(self) -> str:
        """Write the shard as JSON, so that a later run can go on with it."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Shard:
        """Read what ``to_json`` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Record:
    """One object as its system gave it.

    Attributes:
        id: unique within its object.
        at: what it is sorted and looked up by: ``created`` in seconds, or SystemModstamp in microseconds; may be none.
        text: JSON text (Stripe), or a JSON array of CSV cells (Salesforce).
        parent: the object it belongs to, where it is fetched and replaced with it, such as the invoice of a line.
    """

    id: str
    at: int | None
    text: str
    parent: str | None = None


@dataclass(frozen=True)
class DeadLetter:
    """A shard that failed for good.

    Attributes:
        shard: what was being fetched.
        error: why it failed, in words, without secrets.
        attempts: how often it was tried.
    """

    shard: Shard
    error: str
    attempts: int
