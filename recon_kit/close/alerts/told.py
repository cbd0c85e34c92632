"""Told: what page 8 and the index say of the alerts of a close."""

from __future__ import annotations

import polars as pl

from recon_kit import tables
from recon_kit.tables import Panel


def alerts_by_team(alerts: pl.DataFrame) -> pl.DataFrame:
    """Count alerts by the team that is told.

    Returns:
        One row per (team, cause), sorted: ``team``, ``cause``, ``alerts``. An alert for two teams counts for each; one
        that waits for a link counts for none, and one without a team stands under ``nobody``.
    """
    sent = alerts.filter(~pl.col("waits_for_link"))
    each = sent.select("cause", team="teams").explode("team", empty_as_null=True)
    return (
        each.with_columns(pl.col("team").fill_null("nobody"))
        .group_by("team", "cause")
        .agg(alerts=pl.len().cast(pl.Int64))
        .sort("team", "cause")
    )


def alert_text(alerts: pl.DataFrame) -> str:
    """Say in a sentence how many alerts a close raises, and for whom."""
    waiting = int(alerts["waits_for_link"].sum())
    sent = alerts.height - waiting
    if not alerts.height:
        return "No alert: nothing material is open, no payment failed, and everything was pulled."
    teams = alerts_by_team(alerts).group_by("team").agg(pl.col("alerts").sum()).sort("team").rows()
    told = ", ".join(f"{team} {number}" for team, number in teams)
    held = f" {tables.count(waiting, 'more waits', 'more wait')} until a link in review is decided." if waiting else ""
    return f"{tables.count(sent, 'alert')}" + (f": {told}." if told else ".") + held


def alert_sentence(alerts: pl.DataFrame) -> Panel:
    """Say how many alerts a close raises, and for whom."""
    return tables.sentence(alert_text(alerts), tone="plain" if alerts.height else "good")
