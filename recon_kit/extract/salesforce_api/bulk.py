"""Fetch an object by a Bulk API 2.0 query job: begin it, wait for it, fetch its result page by page."""

from __future__ import annotations

import csv
import dataclasses
from typing import TYPE_CHECKING

from recon_kit.extract.pulling.shards import Record, Shard
from recon_kit.extract.salesforce_api.cells import UnexpectedHeader, records_of_csv
from recon_kit.extract.salesforce_api.faults import TornAnswer
from recon_kit.extract.salesforce_api.rest import REST, Step

if TYPE_CHECKING:
    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.extract.salesforce_api.fields import Selection
    from recon_kit.extract.salesforce_api.session import Session

BULK = "bulk"
ROWS_FOR_BULK = 2_000
"""Live rows above which an object is pulled by a Bulk job; up to so many, one REST page does."""
PAGE_ROWS = 10_000
_FIRST_WAIT, _LONGEST_WAIT, _SLOWER = 0.2, 5.0, 1.5
_COMPLETE, _FAILED = "JobComplete", {"Failed", "Aborted"}


def bulk_shard(object_name: str, key: str, soql: str, *, replaces: bool) -> Shard:
    """Open a shard that is fetched by a Bulk job; see ``rest_shard``."""
    query = {"soql": soql, "replaces": replaces, "rows": 0, "polls": 0}
    return Shard(object_name, key, "jobs/query", query, step=BULK)


def bulk_step(asking: Asking, shard: Shard, selection: Selection) -> Step:
    """Take a shard one step further: begin its job, look whether it has ended, or fetch the next page.

    Raises:
        SalesforceError: the job is refused, or is no more.
        TriesExhausted: no usable answer came.
    """
    job = shard.query.get("job")
    if not job:
        begun = asking.ask(lambda session: _begun(session, str(shard.query["soql"])))
        return Step([], dataclasses.replace(shard, query={**shard.query, "job": begun, "polls": 0}), wait=_FIRST_WAIT)
    if not shard.after:
        state, words = asking.ask(lambda session: _state(session, job))
        if state in _FAILED:
            return Step([], shard, fault=f"the Bulk job ended as {state}: {asking.clean(words)}")
        if state != _COMPLETE:
            return _waiting(shard)
    return _page(asking, shard, selection, job)


def anew(shard: Shard) -> Shard:
    """Begin a shard from its first page, with a new job or cursor."""
    query = {name: value for name, value in shard.query.items() if name != "job"} | {"rows": 0, "polls": 0}
    return dataclasses.replace(shard, query=query, after=None, pages=0)


def over_rest(shard: Shard) -> Shard:
    """Fetch over REST what a Bulk job was to bring."""
    return dataclasses.replace(anew(shard), path="queryAll", step=REST)


def _begun(session: Session, soql: str) -> str:
    told = session.post(
        "jobs/query", {"operation": "queryAll", "query": soql, "columnDelimiter": "COMMA", "lineEnding": "LF"}
    )
    if not isinstance(told, dict) or not told.get("id"):
        raise TornAnswer("the answer to a new Bulk job names no job")
    return str(told["id"])


def _state(session: Session, job: str) -> tuple[str, str]:
    told = session.get(f"jobs/query/{job}")
    if not isinstance(told, dict) or not told.get("state"):
        raise TornAnswer("the answer about a Bulk job lacks its state")
    return str(told["state"]), str(told.get("errorMessage") or "no reason given")


def _waiting(shard: Shard) -> Step:
    polls = int(shard.query["polls"]) + 1
    wait = min(_LONGEST_WAIT, _FIRST_WAIT * _SLOWER**polls)
    return Step([], dataclasses.replace(shard, query={**shard.query, "polls": polls}), wait=wait)


def _page(asking: Asking, shard: Shard, selection: Selection, job: str) -> Step:
    records, locator = asking.ask(lambda session: _usable_page(session, shard, selection, job))
    if not locator:
        return Step(records, None)
    rows = int(shard.query["rows"]) + len(records)
    query = {**shard.query, "rows": rows}
    return Step(records, dataclasses.replace(shard, query=query, after=locator, pages=shard.pages + 1))


def _usable_page(session: Session, shard: Shard, selection: Selection, job: str) -> tuple[list[Record], str]:
    """Accept a page that has as many rows as it says, and every column."""
    answer = session.csv_page(job, shard.after, PAGE_ROWS)
    try:
        announced = int(answer.headers["Sforce-NumberOfRecords"])
        records = records_of_csv(answer.content.decode("utf-8"), selection)
    except (LookupError, ValueError, csv.Error, UnexpectedHeader) as fault:
        raise TornAnswer(f"a Bulk result of {selection.object_name} is no whole CSV page: {fault}") from fault
    if announced != len(records):
        raise TornAnswer(f"a Bulk result of {selection.object_name} announced {announced} rows, gave {len(records)}")
    locator = answer.headers.get("Sforce-Locator", "")
    return records, "" if locator == "null" else locator
