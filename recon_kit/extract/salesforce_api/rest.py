"""Fetch an object over REST: a query that also sees deleted rows, then page after page."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recon_kit.extract.pulling.shards import Record, Shard
from recon_kit.extract.salesforce_api.cells import records_of_json
from recon_kit.extract.salesforce_api.faults import TornAnswer

if TYPE_CHECKING:
    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.extract.salesforce_api.fields import Selection

REST = "rest"
PAGE_ROWS = 2_000
"""Rows of a page: the most that Salesforce gives."""


@dataclass(frozen=True)
class Step:
    """What one step of a shard brought.

    Attributes:
        records: rows of the page.
        rest: what remains of the shard; none: it is done.
        wait: seconds until its next step is worth while.
        fault: why what was fetched so far is not all, so that the shard begins anew; empty: nothing is wrong.
    """

    records: list[Record]
    rest: Shard | None
    wait: float = 0.0
    fault: str = ""


def rest_shard(object_name: str, key: str, soql: str, *, replaces: bool) -> Shard:
    """Open a shard that is fetched over REST.

    Args:
        object_name: API name.
        key: identity within the pull.
        soql: its query.
        replaces: whether its rows stand instead of all live ones that are known, not beside them.
    """
    return Shard(object_name, key, "queryAll", {"soql": soql, "replaces": replaces, "rows": 0}, step=REST)


def rest_page(asking: Asking, shard: Shard, selection: Selection) -> Step:
    """Fetch the next page of a shard.

    Raises:
        SalesforceError: the query is refused, or its cursor is no more.
        TriesExhausted: no usable answer came.
    """
    page, records = asking.ask(lambda session: _usable(_answer(session, shard), selection))
    rows = int(shard.query["rows"]) + len(records)
    if not page["done"]:
        query = {**shard.query, "rows": rows}
        rest = dataclasses.replace(shard, query=query, after=page["nextRecordsUrl"], pages=shard.pages + 1)
        return Step(records, rest)
    announced = page.get("totalSize")
    if isinstance(announced, int) and announced != rows:
        return Step([], shard, fault=f"Salesforce announced {announced} rows and gave {rows}")
    return Step(records, None)


def _answer(session: Any, shard: Shard) -> Any:  # noqa: ANN401  (JSON)
    if shard.after:
        return session.query_more(shard.after)
    return session.query(str(shard.query["soql"]), batch_size=PAGE_ROWS)


def _usable(page: Any, selection: Selection) -> tuple[dict[str, Any], list[Record]]:  # noqa: ANN401
    """Accept an answer that has everything a page has."""
    try:
        if page["done"] or page["nextRecordsUrl"]:
            return page, records_of_json(page["records"], selection)
    except (TypeError, LookupError, AttributeError) as fault:
        raise TornAnswer(f"a page of {selection.object_name} lacks {fault}") from fault
    raise TornAnswer(f"a page of {selection.object_name} neither ends the result nor names the next page")
