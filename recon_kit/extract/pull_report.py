"""What the extract page says of pulls: how many records came, what did not, and whether the close may stand on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.policy import SettingsError
from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon_kit.extract.pulling.record import Missing, PullRecord

_NAMED = 3
"""Parts that a message names before it counts the rest."""


class IncompleteExtract(SettingsError):  # noqa: N818  (says what it is)
    """Some of what the systems hold was not pulled."""


def pulls_told(records: Sequence[PullRecord]) -> dict[str, str]:
    """Say of each pull when, how and from what it was made."""
    told = {}
    for record in records:
        system, kind = record.system.capitalize(), record.kind
        how = f"{kind} ({record.why_full})" if record.why_full else kind
        told[system] = (
            f"{'complete' if record.complete else 'INCOMPLETE'}, {how}, {record.mode}, API {record.api_version}"
        )
        told[f"{system}, pulled"] = f"{_moment(record.started_at)} to {_moment(record.finished_at)[11:]} UTC"
        told[f"{system}, requests"] = (
            f"{record.requests:,}, of them {record.retries:,} sent again; {record.rate_limited:,} refused as too many"
        )
        told[f"{system}, snapshot"] = " ← ".join((record.snapshot, *record.lineage))
    return told or {"pulled": "nothing: every source is files"}


def _moment(iso: str) -> str:
    return iso[:19].replace("T", " ")


def pulled_objects(records: Iterable[PullRecord]) -> pl.DataFrame:
    """List what was asked for.

    Returns:
        One row per (source, object), sorted: ``rows``, ``counted_by_api`` (null where the API does not count),
        ``query``.
    """
    rows = [
        {
            "source": record.system,
            "object": name,
            "rows": record.rows[name],
            "counted_by_api": record.counted_by_api.get(name),
            "query": record.queries.get(name),
        }
        for record in records
        for name in sorted(record.rows)
    ]
    kinds = {"source": pl.String, "object": pl.String, "rows": pl.Int64, "counted_by_api": pl.Int64, "query": pl.String}
    return pl.DataFrame(rows, schema=kinds)


def remarks(records: Iterable[PullRecord]) -> pl.DataFrame:
    """List what needs attention though the pull is whole: objects that could not be asked for, and notes.

    Returns:
        One row per remark: ``source``, ``object`` (null: the pull as a whole), ``remark``.
    """
    rows = [
        (record.system, name, remark)
        for record in records
        for name, remark in [*sorted(record.absent.items()), *((None, note) for note in record.notes)]
    ]
    return pl.DataFrame(rows, schema=["source", "object", "remark"], orient="row", schema_overrides=_REMARK)


_REMARK = {"source": pl.String, "object": pl.String, "remark": pl.String}


def dead_letters(records: Iterable[PullRecord]) -> pl.DataFrame:
    """List the parts that failed for good.

    Returns:
        Rows of ``dead_letter``: one per (part, currency); the money is that of the part's records in the snapshot
        before, null where none is known.
    """
    rows = [
        {
            "source": record.system,
            "object": missing.object_name,
            "shard": missing.shard,
            "currency": currency,
            "attempts": missing.attempts,
            "error": missing.error,
            "exposed_minor": exposed,
        }
        for record in records
        for missing in record.missing
        for currency, exposed in _exposed(missing)
    ]
    return TABLES["dead_letter"].conform(pl.DataFrame(rows, schema=TABLES["dead_letter"].empty().schema))


def _exposed(missing: Missing) -> list[tuple[str | None, int | None]]:
    return sorted(missing.exposed.items()) or [(None, None)]


def incomplete_parts(records: Iterable[PullRecord]) -> pl.DataFrame:
    """List as not testable what rests on parts that failed.

    Returns:
        Rows of ``not_testable`` without ``room``.
    """
    reason = pl.format("It could not be pulled after {} tries: {}", "attempts", "error")
    return dead_letters(records).select(
        subject=pl.lit("pull"),
        id=pl.format("{}/{} {}", "source", "object", "shard"),
        reason=reason,
        exposed_minor="exposed_minor",
        currency="currency",
    )


def require_complete(records: Iterable[PullRecord], *, allow_incomplete: bool) -> str:
    """Stop the close when something is missing, unless the policy lets it stand on what came.

    Returns:
        What holds, in a sentence.

    Raises:
        IncompleteExtract: names what is missing and what to do.
    """
    missing = [(record.system, each) for record in records for each in record.missing]
    if not missing:
        return "Nothing that was asked for is missing."
    named = "; ".join(
        f"{system}/{each.object_name} {each.shard}: {each.error.rstrip('.')}" for system, each in missing[:_NAMED]
    )
    more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    said = f"{len(missing)} part(s) could not be pulled: {named}{more}."
    if allow_incomplete:
        return f"{said} The policy allows an incomplete extract: each is listed as not testable."
    message = (
        f"{said} Run again: only what is missing is pulled. To close without it, set allow_incomplete: true in the "
        "policy; each part then counts as not testable."
    )
    raise IncompleteExtract(message)
