"""Proposals: all that follows from accepted decisions, as changes of fields and lines of worklists."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.run import Run
from recon_kit.runner.corrections import ids
from recon_kit.runner.corrections.accepted import accepted_gaps, confirmed_links
from recon_kit.runner.corrections.amounts import amount_changes, components_of
from recon_kit.runner.corrections.ends import churn_changes, end_changes
from recon_kit.runner.corrections.org import Org
from recon_kit.runner.corrections.shapes import CHANGE, FIGURES, WORK
from recon_kit.runner.corrections.worklists import component_work, gap_work, open_invoices

_DECISION = {"sequence": pl.Int64(), "by": pl.String(), "at": pl.Datetime("us", "UTC"), "reason": pl.String()}


@dataclass(frozen=True)
class Corrections:
    """What is proposed.

    Attributes:
        changes: one row per field to change and decision behind it: ``CHANGE``, ``account_name``, and ``sequence``,
            ``by``, ``at``, ``reason`` of the decision.
        work: one row per thing to do by hand: ``WORK``, ``account_name`` and the decision.
        accepted: ids of the accepted gaps.
        confirmed: customers of the confirmed links.
    """

    changes: pl.DataFrame
    work: pl.DataFrame
    accepted: pl.Series
    confirmed: pl.Series

    @property
    def corrected(self) -> pl.Series:
        """Ids of the accepted gaps that the changes take away, wholly or for Salesforce's part."""
        figures = self.changes.filter(pl.col("topic").is_in(FIGURES))
        return figures["basis"].unique().sort()

    @property
    def by_hand(self) -> pl.Series:
        """Ids of the accepted gaps that stand on a worklist."""
        return self.accepted.filter(self.accepted.is_in(self.work["basis"].unique().implode()))


def propose_corrections(run: Run) -> Corrections:
    """Propose what to change so that what a person accepted comes true.

    Only decisions in force count: gaps whose state is accepted, and confirmed links that stand. Records that already
    say so are left alone, so that a close on corrected records proposes nothing.

    Args:
        run: a close whose tables are written.

    Conserves:
        accepted gaps == gaps with a change that takes them away, or a line on a worklist, or both.
    """
    accepted, confirmed = accepted_gaps(run), confirmed_links(run)
    if accepted.is_empty() and confirmed.is_empty():
        return _told(run, pl.DataFrame(schema=CHANGE), pl.DataFrame(schema=WORK), accepted, confirmed)
    org, components = Org(run), components_of(run, accepted)
    amounts = amount_changes(run, org, accepted, components)
    figures = pl.concat([amounts.changes, end_changes(run, org, accepted), churn_changes(run, org, accepted)])
    customers = ids.customers_decided(run, accepted, confirmed)
    of_accounts = ids.account_ids(run, org, customers)
    billed = ids.billed_opportunities(run, accepted, customers)
    settled = [of_accounts.changes, ids.opportunity_ids(run, org, billed), ids.invoice_statuses(run, org, billed)]
    corrected = figures["basis"].unique()
    work = [
        gap_work(run, accepted, corrected, amounts.left),
        component_work(accepted, components, corrected),
        open_invoices(run, accepted),
        of_accounts.work,
    ]
    return _told(run, pl.concat([figures, *settled]), pl.concat(work), accepted, confirmed)


def _told(
    run: Run, changes: pl.DataFrame, work: pl.DataFrame, accepted: pl.DataFrame, confirmed: pl.DataFrame
) -> Corrections:
    """Put the account's name and the decision beside everything, in a fixed order."""
    names = run.read("accounts").select("account_id", account_name="name").collect()
    decisions = pl.concat(
        [
            accepted.select(pl.col("gap_id").alias("basis"), *_DECISION),
            confirmed.select(pl.col("customer_id").alias("basis"), *_DECISION),
        ]
    )
    changes, work = (
        frame.join(names, on="account_id", how="left", validate="m:1").join(
            decisions, on="basis", how="left", validate="m:1"
        )
        for frame in (changes, work)
    )
    return Corrections(
        changes.unique(maintain_order=True).sort("object", "topic", "record_id", "field", "basis"),
        work.unique(maintain_order=True).sort("system", "action", "basis", "sentence"),
        accepted["gap_id"],
        confirmed["customer_id"],
    )
