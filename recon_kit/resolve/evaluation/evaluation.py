"""Evaluation: the links of a close measured against a truth, beside what simple joins would have linked."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.resolve.evaluation.baselines import baseline_links, baseline_measures
from recon_kit.resolve.evaluation.measures import measures, measures_by_slice
from recon_kit.resolve.evaluation.name_search import is_exhaustive
from recon_kit.resolve.evaluation.outcomes import outcomes
from recon_kit.resolve.evaluation.reliability import reliability
from recon_kit.resolve.evaluation.shared_keys import shared_keys
from recon_kit.resolve.evaluation.truth import Truth


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        outcomes: one row per customer of the truth.
        measures: one row per measure.
        reliability: one row per bin of probability.
        baselines: one row per (method, measure).
        slices: one row per (slice, value, measure); empty when the truth has none.
        compares_every_name: false when the fuzzy name compared only names that begin alike.
    """

    outcomes: pl.DataFrame
    measures: pl.DataFrame
    reliability: pl.DataFrame
    baselines: pl.DataFrame
    slices: pl.DataFrame
    compares_every_name: bool


def evaluate_links(
    truth: Truth,
    links: pl.DataFrame,
    candidates: pl.DataFrame,
    *,
    account_keys: pl.DataFrame,
    customer_keys: pl.DataFrame,
    claims: pl.DataFrame,
) -> Evaluation:
    """Measure links and candidates against a truth.

    Args:
        truth: what :func:`recon_kit.resolve.evaluation.truth_of_close` returns.
        links: rows of ``links``.
        candidates: rows of ``candidates``.
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        claims: what :func:`recon_kit.resolve.explicit_claims` returns; for the baseline of exact ids.
    """
    pairs = truth.pairs.select("customer_id", "account_id")
    judged = outcomes(pairs, links, candidates, shared_keys(pairs, account_keys, customer_keys))
    labelled = customer_keys.join(pairs, on="customer_id", how="semi")
    return Evaluation(
        outcomes=judged,
        measures=measures(judged),
        reliability=reliability(judged),
        baselines=baseline_measures(_of_labelled(account_keys, labelled, claims), pairs),
        slices=measures_by_slice(judged, truth.slices),
        compares_every_name=is_exhaustive(labelled["name_core"], account_keys["name_core"]),
    )


def _of_labelled(account_keys: pl.DataFrame, labelled: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    return baseline_links(account_keys, labelled, claims.join(labelled, on="customer_id", how="semi"))
