"""``gaps.xlsx``: every gap with its components, for those who work in Excel."""

from __future__ import annotations

from recon_kit import tables
from recon_kit.artifacts import write_atomically
from recon_kit.pending import is_pending
from recon_kit.run import Run
from recon_kit.workbook import Column, Sheet, workbook_bytes

GAPS_WORKBOOK = "gaps.xlsx"

_GAPS = (
    Column("gap_id", "Gap", width=24),
    Column("account_name", "Account", width=28),
    Column("family", "Family", width=24),
    Column("cause", "Cause", width=24),
    Column("state", "State", width=14, note="open, too young, expected to clear, or what a person decided"),
    Column("material", "Material", width=10),
    Column("pending", "Waits for a link", width=10, note="yes: page 3 of the close lists the link to decide"),
    Column("crm_mrr_minor", "Salesforce a month", kind="amount"),
    Column("billing_mrr_minor", "Stripe a month", kind="amount"),
    Column("difference_minor", "Difference a month", kind="amount", note="Salesforce minus Stripe"),
    Column("difference_pct", "Difference %", kind="percent", width=12),
    Column("impact_minor", "At stake so far", kind="amount", note="the difference, day by day since both diverged"),
    Column("annualised_minor", "A year", kind="amount"),
    Column("currency", "Currency", width=9),
    Column("diverged_on", "Since", kind="date", width=12),
    Column("age_days", "Days", kind="number", width=8),
    Column("direction", "Direction", width=20),
    Column("owner_team", "Owner", width=14),
    Column("correct_in", "Correct in", width=12),
    Column("suggested_correction", "Suggested correction", width=60),
    Column("explanation", "Explanation", width=80),
    Column("link_probability", "Probability of the link", kind="number", width=12),
    Column("account_id", "Account id", width=20),
    Column("customer_ids", "Customers", width=24),
    Column("opportunity_ids", "Opportunities", width=24),
    Column("subscription_ids", "Subscriptions", width=24),
    Column("evidence", "Evidence", width=32),
)
_COMPONENTS = (
    Column("gap_id", "Gap", width=24),
    Column("account_name", "Account", width=28),
    Column("cause", "Cause of the gap", width=24),
    Column("component", "Component", width=24),
    Column("amount_minor", "Amount a month", kind="amount", note="the components of a gap sum to its difference"),
    Column("currency", "Currency", width=9),
    Column("sentence", "What happened", width=80),
    Column("evidence", "Evidence", width=32),
)


def gaps_workbook(run: Run) -> bytes:
    """Lay out the gaps of a close, whatever their state, largest impact first, and below them their components.

    Returns:
        An ``.xlsx`` workbook of two sheets, ``Gaps`` and ``Components``; the same bytes for the same tables.

    Conserves:
        the components of a gap sum to its difference, as in ``gap_components``.
    """
    found, links = run.read("gaps").collect(), run.read("links").collect()
    gaps = tables.in_words(found.with_columns(pending=is_pending(links))).with_row_index("rank")
    named = gaps.select("gap_id", "rank", "account_name", "cause", "currency")
    parts = tables.in_words(run.read("gap_components").collect())
    components = parts.join(named, on="gap_id", how="left", validate="m:1").sort("rank", "component")
    sheets = [Sheet("Gaps", _GAPS, gaps), Sheet("Components", _COMPONENTS, components)]
    return workbook_bytes(sheets, title=f"Gaps of the close of {run.as_of.isoformat()}", as_of=run.as_of)


def write_gaps_workbook(run: Run) -> None:
    """Write ``gaps.xlsx`` into the close folder."""
    write_atomically(run.folder.path / GAPS_WORKBOOK, gaps_workbook(run))
