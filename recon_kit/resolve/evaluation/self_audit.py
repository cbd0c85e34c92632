"""Self-audit: how good the model is on this company, by the customers whose account is known anyway."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.policy import Policy
from recon_kit.resolve.evaluation.as_if_without import linked_as_if_without_ids
from recon_kit.resolve.evaluation.labels import known_accounts, labelled_links
from recon_kit.resolve.evaluation.measures import measures
from recon_kit.resolve.evaluation.outcomes import outcomes
from recon_kit.resolve.evaluation.ratios import MEASURES
from recon_kit.resolve.evaluation.recalibration import ENOUGH, fit_calibrator, held_back
from recon_kit.resolve.evaluation.reliability import RELIABILITY, calibration_of, reliability
from recon_kit.resolve.evaluation.shared_keys import shared_keys
from recon_kit.resolve.model import LinkModel
from recon_kit.resolve.model.settings import Engine
from recon_kit.schemas import TABLES

CAVEAT = (
    "Customers that carry an id may be the easier ones, and all of them have an account: "
    "on the others the model may be worse."
)
_NOW, _REFITTED = "with_all_customers", "with_all_customers_refitted"
"""Measured as if customers without an account were among the labels, in their proportion."""


@dataclass(frozen=True)
class SelfAudit:
    """What the labels of a company say about the model.

    Attributes:
        measures: rows of ``link_audit``; empty without labels.
        reliability: rows of ``link_reliability``; empty without labels.
        proposal: rows of ``calibrator_proposal``; empty below 300 labels.
        labels: how many likeliest links are known to be right or wrong.
        told: sentences in reading order.
    """

    measures: pl.DataFrame
    reliability: pl.DataFrame
    proposal: pl.DataFrame
    labels: int
    told: tuple[str, ...]


def self_audit(
    accounts: pl.DataFrame,
    customers: pl.DataFrame,
    claims: pl.DataFrame,
    decided: pl.DataFrame | None = None,
    *,
    account_keys: pl.DataFrame,
    customer_keys: pl.DataFrame,
    policy: Policy,
    engine: Engine = "duckdb",
    model: LinkModel | None = None,
) -> SelfAudit:
    """Measure the model on the customers whose account an explicit id or a confirmed decision tells.

    All customers are linked anew as if there were neither; nothing is computed where nothing is known.

    Args:
        accounts: rows of ``accounts``.
        customers: rows of ``customers``.
        claims: what :func:`recon_kit.resolve.explicit_claims` returns.
        decided: what :func:`recon_kit.resolve.decided_links` returns.
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        policy: its cut-offs.
        engine: where Splink computes.
        model: the one in use; none: the shipped one.
    """
    known = known_accounts(claims, decided)
    if known.is_empty():
        return _without_labels()
    candidates, links = linked_as_if_without_ids(
        accounts, customers, account_keys, customer_keys, policy=policy, engine=engine, model=model
    )
    evidence = shared_keys(known, account_keys, customer_keys)
    labels = labelled_links(candidates, known, customer_keys, decided)
    return audit_of(outcomes(known, links, candidates, evidence), labels)


def audit_of(judged: pl.DataFrame, labels: pl.DataFrame) -> SelfAudit:
    """Measure a model that has linked known customers as if they were not.

    Args:
        judged: what :func:`recon_kit.resolve.evaluation.outcomes` returns for them.
        labels: what :func:`recon_kit.resolve.evaluation.labelled_links` returns.
    """
    number = int(labels["is_observed"].sum())
    proposal, compared = _proposal(labels, number)
    measured = measures(judged)
    return SelfAudit(
        measures=pl.concat([measured, compared]),
        reliability=_named_bins(reliability(judged)),
        proposal=proposal,
        labels=number,
        told=_told(measured, number, compared),
    )


def _without_labels() -> SelfAudit:
    audit, bins, knots = (TABLES[name].empty() for name in ("link_audit", "link_reliability", "calibrator_proposal"))
    told = "Not calibrated on your data: no customer carries an explicit id or a decision to measure the links by."
    return SelfAudit(audit, bins, knots, 0, (told,))


def _proposal(labels: pl.DataFrame, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fit a calibrator, and compare it on labels it has not seen with the one in use."""
    if number < ENOUGH:
        return TABLES["calibrator_proposal"].empty(), pl.DataFrame(schema=MEASURES)
    compared = [
        calibration_of(part).with_columns(measure=pl.format("{}_{}", "measure", pl.lit(when)))
        for part, when in ((labels, _NOW), (held_back(labels), _REFITTED))
    ]
    return fit_calibrator(labels), pl.concat(compared)


def _named_bins(rows: pl.DataFrame) -> pl.DataFrame:
    bounds = (pl.col(name).round(1).cast(pl.String) for name in ("from_probability", "to_probability"))
    return rows.with_columns(bin=pl.format("{} to {}", *bounds)).select("bin", *RELIABILITY)


def _told(found: pl.DataFrame, labels: int, compared: pl.DataFrame) -> tuple[str, ...]:
    value = {row["measure"]: row for row in pl.concat([found, compared]).iter_rows(named=True)}
    precision, recall = value["linked_precision"], value["linked_recall"]
    first = (
        f"{recall['of']} customers whose account is known were linked as if it were not: "
        f"{precision['count']} of {precision['of']} links were right, "
        f"{recall['count']} of {recall['of']} accounts found."
    )
    if labels < ENOUGH:
        few = f"Not calibrated on your data: {labels} labels, and {ENOUGH} are needed. Keep the cut-offs strict."
        return first, few, CAVEAT
    (error, loss), (new_error, new_loss) = (
        (value[f"calibration_error_{when}"]["value"], value[f"log_loss_{when}"]["value"]) for when in (_NOW, _REFITTED)
    )
    is_better = new_loss < loss
    advice = "It is better: adopt it, if you agree" if is_better else "It is no better: keep the one in use"
    refitted = (
        f"A calibrator refitted on {labels} labels has, on labels it has not seen, a calibration error of "
        f"{new_error:.3f} and a log-loss of {new_loss:.3f}; the one in use {error:.3f} and {loss:.3f}. "
        f"{advice} (params: links.calibrator names tables/calibrator_proposal.parquet of this close); nothing changes "
        "unless a person adopts it."
    )
    return first, refitted, CAVEAT
