"""Accepted: the gaps and links that a person decided and whose evidence still holds in this close."""

from __future__ import annotations

import polars as pl

from recon_kit import journal
from recon_kit.run import Run
from recon_kit.schemas import TABLES

_TOLD = ("sequence", "by", "at", "reason")


def accepted_gaps(run: Run) -> pl.DataFrame:
    """Read the gaps whose acceptance is in force.

    Returns:
        One row per accepted gap, by ``gap_id``: the columns of ``gaps``, and of the decision ``sequence``, ``by``,
        ``at`` and ``reason``. One that is still too young, dismissed by a rule, or whose decision lapsed is not there.
    """
    told = _in_force(run, "gap", "accept").select(*_TOLD, gap_id="id")
    gaps = run.read("gaps").filter(pl.col("state") == "accepted").collect()
    return gaps.join(told, on="gap_id", how="left", validate="1:1").sort("gap_id")


def confirmed_links(run: Run) -> pl.DataFrame:
    """Read the links that a person confirmed and that stand.

    Returns:
        One row per customer, sorted: ``customer_id``, ``account_id``, and of the decision ``sequence``, ``by``, ``at``
        and ``reason``.
    """
    told = _in_force(run, "link", "confirm").select(*_TOLD, customer_id="id")
    links = run.read("links").filter(pl.col("status") == "linked").select("customer_id", "account_id").collect()
    return told.join(links, on="customer_id", how="inner", validate="1:1").sort("customer_id")


def _in_force(run: Run, subject: str, decision: str) -> pl.DataFrame:
    decisions = run.read("decisions").collect() if run.folder.has_table("decisions") else TABLES["decisions"].empty()
    return decisions.filter(
        pl.col("subject") == subject, pl.col("decision") == decision, pl.col("status") == journal.APPLIED
    )
