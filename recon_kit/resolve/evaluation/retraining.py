"""Retraining: a candidate model from this company's own labels, held against the one in use. Nothing adopts it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from recon_kit.link_files import Parameters, followed_by, shipped_files
from recon_kit.policy import Policy
from recon_kit.resolve.evaluation.as_if_without import linked_as_if_without_ids
from recon_kit.resolve.evaluation.labels import labelled_links
from recon_kit.resolve.evaluation.measures import measures
from recon_kit.resolve.evaluation.outcomes import outcomes
from recon_kit.resolve.evaluation.recalibration import ENOUGH, fit_calibrator
from recon_kit.resolve.evaluation.reliability import calibration_of, log_loss
from recon_kit.resolve.evaluation.resampling import interval, resampled_sums
from recon_kit.resolve.model import LinkModel, shipped_model
from recon_kit.resolve.model.comparisons import COMPARISONS
from recon_kit.resolve.model.pairs import prior
from recon_kit.resolve.model.records import Records, records_of
from recon_kit.resolve.model.scoring import pair_weights
from recon_kit.resolve.model.settings import rounded
from recon_kit.resolve.model.training import write_model

ENOUGH_FOR_M = 100
"""Known links from which m is refitted."""

_TRUST = 100
"""Known links that the m in use weighs as much as."""

_EVERY = 3
"""Of so many known customers one is held back for the comparison."""

_COMPARED = ("linked_precision", "linked_recall", "best_f1", "review_share")


@dataclass(frozen=True)
class Company:
    """What of a close retraining needs: rows of the tables of these names."""

    accounts: pl.DataFrame
    customers: pl.DataFrame
    account_keys: pl.DataFrame
    customer_keys: pl.DataFrame


@dataclass(frozen=True)
class Retraining:
    """A candidate model and how it did.

    Attributes:
        model: fitted to all known links; the model in use where they are too few.
        compared: one row per measure, on customers held back: ``measure``, ``in_use``, ``candidate``.
        labels: known links.
        is_better: whether on customers held back (100 at least) its log-loss is lower beyond chance, and neither its
            precision nor its calibration error is worse.
        told: sentences in reading order.
    """

    model: LinkModel
    compared: pl.DataFrame
    labels: int
    is_better: bool
    told: tuple[str, ...]


def retrain(company: Company, known: pl.DataFrame, *, policy: Policy, in_use: LinkModel | None = None) -> Retraining:
    """Refit m (from 100 known links) and the calibrator (from 300), and compare on customers held back.

    Args:
        company: the tables.
        known: what :func:`recon_kit.resolve.evaluation.known_accounts` returns.
        policy: its cut-offs, for what counts as linked.
        in_use: the model in use; none: the shipped one.
    """
    model = in_use or shipped_model()
    if known.height < ENOUGH_FOR_M:
        few = f"Nothing is refitted: {known.height} links are known by id or decision, and {ENOUGH_FOR_M} are needed."
        return Retraining(model, pl.DataFrame(schema=_SCHEMA), known.height, is_better=False, told=(few,))
    place = pl.int_range(pl.len()) % _EVERY
    learnt, held = (known.sort("customer_id").filter(chosen) for chosen in (place > 0, place == 0))
    tried = _refitted(company, learnt, model, policy=policy, least=ENOUGH * learnt.height / known.height)
    compared, is_better = _compared(company, held, model, tried, policy)
    candidate = _refitted(company, known, model, policy=policy, least=ENOUGH)
    return Retraining(
        candidate, compared, known.height, is_better, _told(is_better=is_better, labels=known.height, held=held.height)
    )


def _refitted(company: Company, known: pl.DataFrame, model: LinkModel, *, policy: Policy, least: float) -> LinkModel:
    """Refit m, and then, from ``least`` labels on, the calibrator to what the new m gives."""
    with_m = replace(model, parameters=refitted_m(company, known, model.parameters))
    candidates, _ = _linked(company, with_m, policy)
    labels = labelled_links(candidates, known, company.customers)
    if int(labels["is_observed"].sum()) < least:
        return with_m
    return replace(with_m, calibrator=followed_by(model.calibrator, fit_calibrator(labels)))


def refitted_m(company: Company, known: pl.DataFrame, parameters: Parameters) -> Parameters:
    """Count how often each level is met among known links, the m in use counting as 100 links.

    Args:
        company: the tables.
        known: known links.
        parameters: m and u in use.

    Returns:
        The parameters with new m, rounded; u is left as it is, and a level that disagrees keeps its floor.
    """
    records = records_of(company.account_keys, company.customer_keys)
    met = pair_weights(_rows_of(known, records), records, parameters=parameters, prior=prior(records), floor=-math.inf)
    return {
        one.name: {
            level.name: _with_m(parameters[one.name][level.name], met[f"level_{one.name}"], level.name, level.least_m)
            for level in one.levels
            if not level.is_null
        }
        for one in COMPARISONS
    }


def _with_m(parameter: dict[str, float], met: pl.Series, level: str, least: float) -> dict[str, float]:
    comparable = met.drop_nulls()
    share = (int((comparable == level).sum()) + _TRUST * parameter["m"]) / (comparable.len() + _TRUST)
    return {**parameter, "m": rounded(max(share, least))}


def _rows_of(known: pl.DataFrame, records: Records) -> pl.DataFrame:
    """Return known links as row numbers of the records."""
    for name, side in (("customer", records.customers), ("account", records.accounts)):
        rows = side.select(pl.col("unique_id").alias(f"{name}_id"), pl.int_range(pl.len(), dtype=pl.UInt32).alias(name))
        known = known.join(rows, on=f"{name}_id", how="inner", validate="m:1")
    return known.select("customer", "account").sort("customer", "account")


def _linked(company: Company, model: LinkModel, policy: Policy) -> tuple[pl.DataFrame, pl.DataFrame]:
    return linked_as_if_without_ids(
        company.accounts, company.customers, company.account_keys, company.customer_keys, policy=policy, model=model
    )


_SCHEMA = {"measure": pl.String, "in_use": pl.Float64, "candidate": pl.Float64}
_LABEL = ["customer_id", "is_observed"]


def _compared(
    company: Company, held: pl.DataFrame, in_use: LinkModel, candidate: LinkModel, policy: Policy
) -> tuple[pl.DataFrame, bool]:
    """Measure both models on customers held back; tell whether the candidate is better there beyond chance."""
    found, labels = [], []
    for name, model in (("in_use", in_use), ("candidate", candidate)):
        candidates, links = _linked(company, model, policy)
        labels.append(labelled_links(candidates, held, company.customers))
        linked = measures(outcomes(held, links, candidates)).filter(pl.col("measure").is_in(_COMPARED))
        both = pl.concat([linked, calibration_of(labels[-1])])
        found.append(both.select("measure", pl.col("value").alias(name)))
    table = found[0].join(found[1], on="measure", how="left", validate="1:1", maintain_order="left")
    return table, held.height >= ENOUGH_FOR_M and _no_worse(table) and _is_lower_beyond_chance(*labels)


def _no_worse(table: pl.DataFrame) -> bool:
    """Tell whether the candidate links as precisely, and its probabilities are as true."""
    value = {row["measure"]: (row["in_use"] or 0.0, row["candidate"] or 0.0) for row in table.iter_rows(named=True)}
    (precise, as_precise), (error, as_true) = value["linked_precision"], value["calibration_error"]
    return as_precise >= precise and as_true <= error


def _is_lower_beyond_chance(before: pl.DataFrame, after: pl.DataFrame) -> bool:
    """Compare log-loss label by label: 97.5 % of the resamples of the difference must be below zero."""
    weighed = [
        part.select(*_LABEL, loss=log_loss("link_probability", "is_right") * pl.col("weight"))
        for part in (before, after)
    ]
    paired = weighed[0].join(weighed[1], on=_LABEL, how="inner", validate="1:1", suffix="_after")
    changes = resampled_sums(paired.select((pl.col("loss_after") - pl.col("loss")).round(6)))[1:, 0]
    _, high = interval(changes)
    return high is not None and high < 0


def _told(*, is_better: bool, labels: int, held: int) -> tuple[str, ...]:
    fitted = "m and the calibrator" if labels >= ENOUGH else f"m only (the calibrator needs {ENOUGH} labels)"
    first = f"Refitted from {labels} known links: {fitted}. Compared on {held} customers that the fit has not seen."
    if is_better:
        verdict = "There the candidate is better, beyond chance: a person may adopt it."
    elif held < ENOUGH_FOR_M:
        verdict = f"{ENOUGH_FOR_M} are needed to tell whether the candidate is better: keep the model in use."
    else:
        verdict = "There the candidate is not better beyond chance: keep the model in use."
    return first, verdict


def write_candidate(
    retraining: Retraining, folder: Path, *, as_of: dt.date, made_from: Mapping[str, Any] | None = None
) -> list[str]:
    """Write the files of a candidate model, with the record of how it came about.

    Args:
        retraining: what :func:`retrain` returns.
        folder: where to, outside of any close; made if absent.
        as_of: of the close whose labels it learnt from.
        made_from: training record of the model in use; none: the shipped one's.

    Returns:
        The names of the files, sorted; none where nothing was refitted.
    """
    if retraining.compared.is_empty():
        return []
    record = {
        "status": "a candidate: nothing uses it until a person adopts it (params: links.model)",
        "as_of": as_of.isoformat(),
        "known_links": retraining.labels,
        "is_better": retraining.is_better,
        "told": list(retraining.told),
        "compared": retraining.compared.to_dicts(),
        "made_from": dict(made_from or shipped_files().training),
    }
    write_model(retraining.model, record, folder)
    return sorted(file.name for file in folder.iterdir())
