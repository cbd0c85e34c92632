"""Routing: which team is told of which cause, and which environment variable holds the address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

from recon_kit.policy import Policy

ALERT_VARIABLE = "RECON_ALERT_"
"""Where a team's address stands unless the policy names another variable: ``RECON_ALERT_REVOPS`` for RevOps."""
OWNER = "owner"
"""The team that is the owner of the opportunity, else of the account."""

_TEAMS: Mapping[str, tuple[str, ...]] = {
    "expansion": ("RevOps", OWNER),
    "failed_payment": ("Customer Success",),
    "orphaned_revenue": ("RevOps",),
    "phantom_revenue": (OWNER,),
    "billing_after_churn": (OWNER,),
    "aggregate": ("Finance",),
    "straggler": ("Finance",),
    "unmatched_count": ("Finance",),
    "unmatched_growth": ("Finance",),
    "failed_extract": ("operations",),
}
"""Who is told by cause, family or kind; of any other gap the team that owns its correction."""

_OWNERS = ("Billing", "RevOps", "Customer Success", "Finance")
"""Teams that own the correction of a gap."""

_ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "orphaned_revenue": ("orphan", "orphaned", "orphans"),
    "phantom_revenue": ("phantom", "phantoms"),
    "billing_after_churn": ("churn",),
    "missing_subscription": ("missing",),
    "amount_mismatch": ("amount", "amounts"),
    "date_misalignment": ("date", "dates"),
    "failed_extract": ("extract", "extraction", "extraction_failure", "failed_extraction", "extract_failure"),
    "failed_payment": ("payment_failure",),
    "aggregate": ("aggregate_breach", "drift"),
    "unmatched_count": ("unmatched",),
    "unmatched_growth": ("unmatched",),
}
"""What a policy may call a family or a kind, besides its name."""

_CAUSES = (
    *("handoff_missed", "timing_lag", "late_start", "early_start", "ends_early", "ends_late", "billing_past_end"),
    *("cancellation_not_in_billing", "cancellation_not_in_crm", "failed_payment", "expansion", "contraction"),
    *("self_service_signup", "trial_conversion", "merge_residue", "amount_basis", "currency", "tax", "discount"),
    *("trial", "paused", "cancellation", "rounding", "unexplained", "refund_or_credit", "straggler", "gap", "default"),
)
_ROUTE = {"alert_id": pl.String, "team": pl.String, "variable": pl.String}
_BY = ["cause", "family", "kind", "owner_team"]


def routes_of(alerts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Say whom each alert goes to.

    A route of the policy is looked for by cause, then family, then kind, then ``default``; the first that is there
    takes the place of the usual teams.

    Args:
        alerts: ``alert_id``, ``cause``, ``family``, ``kind`` and, of gaps, ``owner_team``.
        policy: ``routes``.

    Returns:
        One row per (alert, team), in the order of the alerts, teams as the route names them: ``alert_id``, ``team``,
        ``variable``.
    """
    sorts = alerts.select(_BY).unique(maintain_order=True)
    rows = [
        (*(sort[name] for name in _BY), team, variable)
        for sort in sorts.iter_rows(named=True)
        for team, variable in _route(sort, policy).items()
    ]
    known = pl.DataFrame(
        rows, schema=[*_BY, "team", "variable"], schema_overrides=dict.fromkeys(_BY, pl.String), orient="row"
    )
    joined = alerts.select("alert_id", *_BY).join(
        known, on=_BY, how="inner", nulls_equal=True, validate="m:m", maintain_order="left_right"
    )
    return joined.select(pl.col(name).cast(kind) for name, kind in _ROUTE.items())


def _route(sort: Mapping[str, str | None], policy: Policy) -> Mapping[str, str]:
    given = {_plain(name): teams for name, teams in policy.routes.items()}
    for name in _names(sort):
        if name in given:
            return given[name]
    named = (name for name in (sort["cause"], sort["family"], sort["kind"]) if name)
    teams = next((_TEAMS[name] for name in named if name in _TEAMS), (sort["owner_team"] or "Finance",))
    return {team: variable_of(team) for team in teams}


def _names(sort: Mapping[str, str | None]) -> Iterator[str]:
    for name in (sort["cause"], sort["family"], sort["kind"]):
        if name:
            yield name
            yield from _ALSO_CALLED.get(name, ())
    yield "default"


def variable_of(team: str) -> str:
    """Name the environment variable that holds a team's address unless the policy names one."""
    return ALERT_VARIABLE + re.sub(r"\W+", "_", team.strip()).upper()


def usual_variables() -> set[str]:
    """Name the variables that alerts go to where the policy names none."""
    return {variable_of(team) for teams in (*_TEAMS.values(), _OWNERS) for team in teams}


def unknown_routes(policy: Policy) -> list[str]:
    """List the routes of a policy that are no cause, family or kind of alert, so that nothing goes there."""
    named = {*_CAUSES, *_TEAMS, *_ALSO_CALLED, *(name for names in _ALSO_CALLED.values() for name in names)}
    return sorted(name for name in policy.routes if _plain(name) not in named)


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name.strip().lower())
