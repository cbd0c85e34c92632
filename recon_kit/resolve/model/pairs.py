"""Pairs: every pair of customer and account worth comparing, scored in slices of customers."""

from __future__ import annotations

from typing import Required, TypedDict, Unpack

import polars as pl

from recon_kit.resolve.model.blocking import blocked_pairs
from recon_kit.resolve.model.copied_names import in_view_of_copies
from recon_kit.resolve.model.features import with_features
from recon_kit.resolve.model.link_model import LinkModel, shipped_model
from recon_kit.resolve.model.records import Records, records_of
from recon_kit.resolve.model.scoring import LEVELS, WEIGHTS, pair_weights
from recon_kit.resolve.model.second_stage import ODDS, pair_probabilities
from recon_kit.resolve.model.settings import Engine
from recon_kit.resolve.model.sharing import sharing_of

CUSTOMERS_AT_ONCE = 200_000
"""Customers whose pairs are in memory at the same time."""

MATCHED_SHARE = 0.75
"""Share of customers that are taken to have an account, in the prior."""


class Scoring(TypedDict, total=False):
    """How pairs are scored.

    Attributes:
        floor: match weight below which a pair is left out.
        engine: where Splink computes, ``duckdb`` unless told; the scores do not depend on it.
        model: another model than the shipped one.
        threads: how many threads compute; the scores do not depend on it.
    """

    floor: Required[float]
    engine: Engine
    model: LinkModel | None
    threads: int | None


def score_pairs(
    account_keys: pl.DataFrame,
    customer_keys: pl.DataFrame,
    rejected: pl.DataFrame | None = None,
    **how: Unpack[Scoring],
) -> pl.DataFrame:
    """Score every pair of customer and account that shares a key.

    Args:
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        rejected: pairs that people rejected, ``customer_id`` and ``account_id``: left out before others are compared
            with them.
        how: as of :class:`Scoring`.

    Returns:
        One row per pair, sorted: ``customer_id``, ``account_id``, ``match_weight``, ``match_probability``,
        ``pair_probability`` (by the second stage, before competition), ``weight_*`` and ``level_*`` by comparison,
        ``weight_context`` (what the second stage adds to the match weight).
    """
    scored = pairs_with_features(account_keys, customer_keys, rejected, **how)
    judged = in_view_of_copies(scored.with_columns(pair_probabilities(scored, _model(how).second_stage)))
    with_context = judged.with_columns(weight_context=ODDS.log(2.0) - pl.col("match_weight"))
    return with_context.select(
        "customer_id", "account_id", "match_weight", "match_probability", "pair_probability", *WEIGHTS,
        "weight_context", *LEVELS,
    )  # fmt: skip


def pairs_with_features(
    account_keys: pl.DataFrame,
    customer_keys: pl.DataFrame,
    rejected: pl.DataFrame | None = None,
    **how: Unpack[Scoring],
) -> pl.DataFrame:
    """Weigh pairs and describe them for the second stage; arguments as of :func:`score_pairs`.

    Returns:
        One row per pair, sorted: ids, what :func:`recon_kit.resolve.model.scoring.pair_weights` returns, and the
        features.
    """
    whole = records_of(account_keys, customer_keys)
    sharing = sharing_of(whole)
    parameters = _model(how).parameters
    pairs = _without(blocked_pairs(whole), whole, rejected)
    slices = []
    for start in range(0, max(whole.customers.height, 1), CUSTOMERS_AT_ONCE):
        some = whole.of_customers(start, CUSTOMERS_AT_ONCE)
        weighed = pair_weights(
            _pairs_of(pairs, start, some.customers.height),
            some,
            parameters=parameters,
            prior=prior(whole),
            floor=how["floor"],
            engine=how.get("engine", "duckdb"),
            threads=how.get("threads"),
        )
        slices.append(_named(with_features(weighed, some, sharing), some))
    return pl.concat(slices)


def _model(how: Scoring) -> LinkModel:
    return how.get("model") or shipped_model()


def prior(records: Records) -> float:
    """Return the probability that a random account and a random customer are one organisation."""
    return MATCHED_SHARE / records.size


def _pairs_of(pairs: pl.DataFrame, first: int, length: int) -> pl.DataFrame:
    """Return the pairs of some customers, numbered from the first of them."""
    theirs = pairs.filter(pl.col("customer").is_between(first, first + length, closed="left"))
    return theirs.with_columns(pl.col("customer") - first)


def _named(pairs: pl.DataFrame, records: Records) -> pl.DataFrame:
    return pairs.with_columns(
        customer_id=records.customers["unique_id"].gather(pairs["customer"]),
        account_id=records.accounts["unique_id"].gather(pairs["account"]),
    )


def _without(pairs: pl.DataFrame, records: Records, rejected: pl.DataFrame | None) -> pl.DataFrame:
    if rejected is None or rejected.is_empty():
        return pairs
    named = _named(pairs, records)
    kept = named.join(rejected, on=["customer_id", "account_id"], how="anti", maintain_order="left")
    return kept.select(pairs.columns)
