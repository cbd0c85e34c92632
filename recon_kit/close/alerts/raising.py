"""Raising: every alert of a close as one table, the most urgent first."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from recon_kit.close.alerts.aggregate import AGGREGATE, aggregate_alert
from recon_kit.close.alerts.anomalies import COUNT, GROWTH, STRAGGLER, count_alert, growth_alerts, straggler_alerts
from recon_kit.close.alerts.failed_extracts import FAILED_EXTRACT, failed_extract_alerts, stopped_alert
from recon_kit.close.alerts.failed_payments import FAILED_PAYMENT, failed_payment_alerts
from recon_kit.close.alerts.gap_alerts import gap_alerts
from recon_kit.close.alerts.routing import routes_of
from recon_kit.close.alerts.unmatched import unmatched_by_run, unmatched_items
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES
from recon_kit.schemas.table import frame_schema

Reader = Callable[[str], pl.LazyFrame]
URGENCY = (FAILED_EXTRACT, FAILED_PAYMENT, AGGREGATE, COUNT, GROWTH, STRAGGLER, "gap")
"""The kinds of alert in the order they are told."""


class Raised(NamedTuple):
    """Rows of ``alerts`` and of ``unmatched``."""

    alerts: pl.DataFrame
    unmatched: pl.DataFrame


def raise_alerts(read: Reader, previous: pl.DataFrame | None, *, as_of: dt.date, policy: Policy) -> Raised:
    """Raise the alerts of a close.

    Args:
        read: gives a table by its name, such as ``run.read``.
        previous: rows of ``unmatched`` of the close before; none: there is none.
        as_of: the day of the close.
        policy: limits, routes and the reporting currency.

    Returns:
        The alerts, one row each, by urgency, then by what is at stake; and what they count run by run.
    """
    items = unmatched_items(read, policy)
    by_run = unmatched_by_run(items, previous, as_of=as_of, policy=policy)
    found = [
        failed_extract_alerts(read("dead_letter").collect(), as_of),
        failed_payment_alerts(read, as_of),
        aggregate_alert(read, policy),
        count_alert(by_run, as_of=as_of, policy=policy),
        growth_alerts(by_run, as_of=as_of),
        straggler_alerts(items, as_of=as_of, policy=policy),
        gap_alerts(read, as_of),
    ]
    alerts = pl.concat([_laid_out(one) for one in found])
    return Raised(_finished(_with_owners(alerts, read), policy), by_run)


def alerts_of_stopped(error: str, dead_letters: pl.DataFrame, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Raise the alerts of a close that stopped while it read the systems.

    Args:
        error: what went wrong, in words.
        dead_letters: rows of ``dead_letter``: the parts that did not come; may be empty.
        as_of: the day of the close.
        policy: routes.

    Returns:
        Rows of ``alerts``: one per part, or one for the close where no part is named.
    """
    parts = failed_extract_alerts(dead_letters, as_of)
    alerts = _laid_out(parts if parts.height else stopped_alert(error, as_of))
    none = pl.lit([], dtype=pl.List(pl.String))
    return _finished(alerts.with_columns(owner_names=none, owner_emails=none), policy)


_MADE_HERE = ("rank", "teams", "owner_names", "owner_emails", "content_sha256")
_EXTRA = {"content": pl.String()}


def _laid_out(rows: pl.DataFrame) -> pl.DataFrame:
    """Give alerts of a kind the columns of all; what they do not say is empty."""
    kinds = {name: kind for name, kind in frame_schema(TABLES["alerts"].schema).items() if name not in _MADE_HERE}
    usual = {"state": pl.lit("open"), "waits_for_link": pl.lit(value=False)}
    no_ids = pl.lit([], dtype=pl.List(pl.String))
    missing = {
        name: usual.get(name, no_ids if kind == pl.List(pl.String) else pl.lit(None))
        for name, kind in (kinds | _EXTRA).items()
        if name not in rows.columns
    }
    return rows.with_columns(**missing).select(pl.col(name).cast(kind) for name, kind in (kinds | _EXTRA).items())


def _with_owners(alerts: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """Add who owns the opportunities of an alert, else its account."""
    told = ("owner_name", "owner_email")
    contracts = read("contracts").select("opportunity_id", *told).collect()
    accounts = read("accounts").select("account_id", *told).collect()
    sold = alerts.select("alert_id", opportunity_id="opportunity_ids").explode("opportunity_id", empty_as_null=False)
    of_sold = sold.join(contracts, on="opportunity_id", how="left", validate="m:1")
    of_account = alerts.select("alert_id", "account_id").join(accounts, on="account_id", how="left", validate="m:1")
    joined = alerts
    for source, prefix in ((of_sold, "sold"), (of_account, "account")):
        listed = source.group_by("alert_id").agg(pl.col(name).drop_nulls().unique().sort() for name in told)
        joined = joined.join(
            listed.select("alert_id", pl.exclude("alert_id").name.prefix(f"{prefix}:")),
            on="alert_id",
            how="left",
            validate="1:1",
            maintain_order="left",
        )
    none = pl.lit([], dtype=pl.List(pl.String))
    has_owner = pl.any_horizontal(pl.col(f"sold:{name}").list.len().fill_null(0) > 0 for name in told)
    owners = {
        f"{name}s": pl.when(has_owner).then(f"sold:{name}").otherwise(f"account:{name}").fill_null(none)
        for name in told
    }
    return joined.with_columns(**owners)


def _finished(alerts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add teams and digest, and put the alerts in their order."""
    teams = routes_of(alerts, policy).group_by("alert_id", maintain_order=True).agg(teams="team")
    urgency = pl.col("kind").replace_strict(list(URGENCY), list(range(len(URGENCY))), return_dtype=pl.Int64)
    none = pl.lit([], dtype=pl.List(pl.String))
    return (
        alerts.join(teams, on="alert_id", how="left", validate="1:1")
        .sort(urgency, pl.col("amount_minor").fill_null(0), "alert_id", descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
            teams=pl.col("teams").fill_null(none),
            content_sha256=_sha256(pl.concat_str("kind", "cause", "content", separator=" ")),
        )
        .select(TABLES["alerts"].columns)
    )


def _sha256(texts: pl.Expr) -> pl.Expr:
    def digests(series: pl.Series) -> pl.Series:
        found = [hashlib.sha256(text.encode()).hexdigest() for text in series]
        return pl.Series(series.name, found, dtype=pl.String)

    return texts.map_batches(digests, return_dtype=pl.String, is_elementwise=True)
