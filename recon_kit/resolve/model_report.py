"""Model report: what each agreement weighs, how a pair's weight adds up, and which keys found the pairs."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.model import LinkModel, shipped_model
from recon_kit.resolve.model.blocking import blocked_pairs, pairs_by_rule
from recon_kit.resolve.model.comparisons import COMPARISONS
from recon_kit.resolve.model.records import records_of
from recon_kit.resolve.model.scoring import WEIGHTS
from recon_kit.resolve.model.settings import level_weights


def model_weights(model: LinkModel | None = None) -> pl.DataFrame:
    """List what each agreement and difference adds to a pair's match weight.

    Returns:
        One row per level, in the model's order: ``comparison``, ``level`` (in words), ``weight`` (bits, before rarity),
        ``weighs_rarity`` (whether a value that few accounts carry weighs more), ``m`` and ``u`` (how often true and
        random pairs are at the level).
    """
    parameters = (model or shipped_model()).parameters
    weights = level_weights(parameters)
    rows = [
        {
            "comparison": one.name,
            "level": level.words,
            "weight": weights[one.name][level.name],
            "weighs_rarity": level.rare_by is not None,
            **parameters[one.name][level.name],
        }
        for one in COMPARISONS
        for level in one.levels
        if not level.is_null
    ]
    return pl.DataFrame(rows)


def pair_weights_in_steps(candidates: pl.DataFrame, customer_id: str, account_id: str) -> pl.DataFrame:
    """Take one pair's weight apart, as a waterfall.

    Args:
        candidates: rows of ``candidates``.
        customer_id: of the pair.
        account_id: of the pair.

    Returns:
        One row per step, in order: ``step`` (prior, each comparison, context), ``weight`` (bits), ``total`` (so far),
        ``probability`` (that the total stands for, before the customer's candidates compete). Empty where the model
        does not know the pair.

    Conserves:
        prior + comparisons == match_weight
    """
    pair = candidates.filter(
        pl.col("customer_id").eq_missing(pl.lit(customer_id)), pl.col("account_id").eq_missing(pl.lit(account_id))
    ).drop_nulls("match_weight")
    compared = pair.select(WEIGHTS).row(0) if pair.height else ()
    prior = pair["match_weight"].sum() - sum(compared)
    steps = ["prior", *(name.removeprefix("weight_") for name in WEIGHTS), "context"] if pair.height else []
    weights = [prior, *compared, pair["weight_context"].sum()][: len(steps)]
    told = pl.DataFrame({"step": steps, "weight": weights}, schema={"step": pl.String, "weight": pl.Float64})
    total = told.with_columns(total=pl.col("weight").cum_sum())
    return total.with_columns(probability=1.0 / (1.0 + (-pl.col("total") * pl.lit(2.0).log()).exp()))


def blocking_counts(account_keys: pl.DataFrame, customer_keys: pl.DataFrame) -> pl.DataFrame:
    """Count the pairs that each shared key brings to the model.

    Returns:
        One row per rule, in their order: ``rule``, ``pairs``, ``pairs_of_this_alone``.
    """
    return pairs_by_rule(blocked_pairs(records_of(account_keys, customer_keys)))
