"""The money page: how much, which way, which cause, since when, and what to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import tables
from recon_kit.gaps.drift import aggregate_drift
from recon_kit.gaps.report import acting_gaps, dismissed_gaps, pending_gaps, told_in, waiting_gaps
from recon_kit.policy import FIELD_OWNERS
from recon_kit.tables import KeyFigure

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.gaps.findings import Findings
    from recon_kit.policy import Policy
    from recon_kit.tables import Panel

_FIRST = 5
"""Gaps that a reader can take on at once."""
_FIRST_CAPTION = "Those with the most at stake, of {} that are open."


def key_figures(found: Findings, policy: Policy) -> Panel:
    """Show both totals, their difference, how many gaps are open and what is at stake.

    Gaps of links in review, and those in a currency without a rate, are in none of these figures.
    """
    code = policy.reporting_currency
    counted = _counted(found, policy)
    crm, billing = _totals(found)
    since = min(counted["diverged_on"].drop_nulls().to_list(), default=None)
    return tables.figures(
        [
            KeyFigure("Salesforce MRR", tables.money(crm, code), "contracts in force"),
            KeyFigure("Stripe MRR", tables.money(billing, code), "subscriptions that bill"),
            KeyFigure("Difference a month", tables.money(abs(crm - billing), code), _way(crm - billing)),
            KeyFigure("Open gaps", f"{counted.height:,}", f"{int(counted['material'].sum()):,} of them material"),
            KeyFigure(
                "At stake so far",
                tables.money(int(counted["impact_minor"].sum()), code),
                f"the oldest since {_day(since)}" if since is not None else "nothing is open",
            ),
        ]
    )


def money_sentence(found: Findings, policy: Policy) -> Panel:
    """Say which way the money goes, which cause has most of it, and what is not counted here."""
    counted = _counted(found, policy)
    if counted.is_empty():
        text = "No gap is open among those counted here: every contract and subscription that was compared agrees."
        return tables.sentence(text, tone="good") + _rest(found, policy)
    code = policy.reporting_currency
    difference = pl.col("difference_minor")
    sold, billed = counted.select(
        difference.clip(lower_bound=0).sum().alias("sold"), (-difference.clip(upper_bound=0).sum()).alias("billed")
    ).row(0)
    by_cause = (
        counted.group_by("cause").agg(pl.col("impact_minor").sum()).sort("impact_minor", "cause", descending=True)
    )
    cause, most = by_cause.row(0)
    whole = int(counted["impact_minor"].sum())
    return tables.sentence(
        "Open gaps: {sold} a month is in Salesforce and not billed in Stripe, {billed} a month is billed in Stripe "
        "and not in Salesforce. The largest cause is “{cause}” with {most}, {share} % of all that is at stake.",
        sold=tables.money(sold, code),
        billed=tables.money(billed, code),
        cause=tables.term("cause", cause),
        most=tables.money(most, code),
        share=f"{100 * most // whole if whole else 0}",
    ) + _rest(found, policy)


def drift_sentence(found: Findings, policy: Policy) -> Panel:
    """Hold all open gaps together, without netting, against the limit of the policy."""
    drift = aggregate_drift(found, policy).row(0, named=True)
    code = drift["currency"]
    return tables.sentence(
        "Aggregate drift: all open gaps come to {drift} a month without netting, {share} of total MRR, {verdict} the "
        "{limit_pct} % ({limit}) of the policy; {pending} of it hangs on links in review.",
        tone="bad" if drift["is_breached"] else "good",
        drift=tables.money(drift["drift_minor"], code),
        share="none" if drift["drift_pct"] is None else f"{drift['drift_pct']:.1f} %",
        verdict="more than" if drift["is_breached"] else "within",
        limit_pct=f"{drift['limit_pct']:g}",
        limit=tables.money(drift["limit_minor"], code),
        pending=tables.money(drift["pending_minor"], code),
    )


def do_first(found: Findings, policy: Policy, limit: int = _FIRST) -> Panel:
    """List the material open gaps with most at stake: what is wrong, what to do, whose work it is."""
    material = _counted(found, policy).filter("material")
    return tables.show(
        material.head(limit).with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64)),
        title="Do first",
        caption=_FIRST_CAPTION.format(tables.count(material.height, "material gap")) if material.height else None,
        columns=["rank", "explanation", "suggested_correction", "owner_team", "impact_minor"],
        labels={
            "rank": "No.",
            "explanation": "What is wrong",
            "suggested_correction": "What to do, and where",
            "owner_team": "Who",
            "impact_minor": "At stake so far",
        },
        empty="Nothing: no material gap is open.",
    )


def field_owners() -> pl.DataFrame:
    """Return which system is right about which field.

    Returns:
        One row per kind of field: ``fields``, ``system``, ``meaning``.
    """
    rows = [(fields, tables.term("correct_in", owner), _OWNED[owner]) for fields, owner in FIELD_OWNERS.items()]
    return pl.DataFrame(rows, schema=["fields", "system", "meaning"], orient="row")


_OWNED = {
    "salesforce": "what was agreed with the customer",
    "stripe": "what was billed, and what was paid",
    "ledger": "how it is accounted for",
}


def _rest(found: Findings, policy: Policy) -> Panel:
    """What the figures leave out, where there is any."""
    is_open = acting_gaps(found.gaps, found.links)
    pending = pending_gaps(found.gaps, found.links).height
    unrated = is_open.height - _counted(found, policy).height
    waiting = waiting_gaps(found.gaps).height
    dismissed = dismissed_gaps(found.gaps).height
    told = {
        "{pending} on links in review (decide those first, page 3: some will then be gone)": pending,
        "{waiting} too young or expected to clear by themselves": waiting,
        "{unrated} in a currency without an exchange rate": unrated,
        "{dismissed} dismissed by rule": dismissed,
    }
    parts = "; ".join(text for text, number in told.items() if number)
    if not parts:
        return tables.sentence("No gap is left out of these figures.")
    return tables.sentence(
        f"Gaps not counted here: {parts}.", pending=pending, waiting=waiting, unrated=unrated, dismissed=dismissed
    )


def dismissal_sentence(dismissals: pl.DataFrame) -> Panel:
    """Say what the dismissal rules took, and name each that has expired with the gaps that are open again for it."""
    held, expired = dismissals.filter("is_in_force"), dismissals.filter(~pl.col("is_in_force"))
    if dismissals.is_empty():
        return tables.sentence("No dismissal rule: no gap is off the list but by a person's decision.")
    said = tables.sentence(
        "{rules} in force, {gaps} dismissed.",
        rules=tables.count(held["rule"].n_unique(), "rule is", "rules are"),
        gaps=tables.count(int(held["gaps"].sum()), "gap is", "gaps are"),
    )
    for row in expired.group_by("rule", "owner", "expires_on").agg(pl.col("gaps").sum()).sort("rule").to_dicts():
        said += tables.sentence(
            "Rule “{rule}” of {owner} expired on {day}: {gaps} that it would have dismissed, and no longer does.",
            tone="bad",
            rule=row["rule"],
            owner=row["owner"],
            day=row["expires_on"],
            gaps=tables.count(row["gaps"], "gap"),
        )
    return said


def _counted(found: Findings, policy: Policy) -> pl.DataFrame:
    return told_in(acting_gaps(found.gaps, found.links), policy.reporting_currency)


def _totals(found: Findings) -> tuple[int, int]:
    return int(found.bridge["amount_minor"][0]), int(found.bridge["amount_minor"][-1])


def _way(difference: int) -> str:
    if difference == 0:
        return "both show the same"
    return "Salesforce shows more" if difference > 0 else "Stripe bills more"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
