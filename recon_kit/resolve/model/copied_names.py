"""Copied names: where both systems copy one register letter for letter, another legal name is another company.

Elsewhere people write names freely, and two that differ may well be one company. Which of the two holds shows in the
pairs whose names agree apart from their legal form: copies agree in every letter of the form as well.
"""

from __future__ import annotations

import math

import polars as pl

from recon_kit.resolve.model.second_stage import ODDS, shares

AGREEING = ("sole", "full", "core", "letters", "words")
"""Levels of the name at which two names are one, apart from their legal form."""

DIFFERS_IF_COPIED, DIFFERS_IF_WRITTEN = 0.005, 0.1
"""Share of agreeing names that differ in a letter or in the form, where names are copies and where they are not."""

USUALLY_COPIED = 0.1
"""How likely it is, before the names are seen, that both systems hold copies."""

LEFT_OF_ODDS = 1 / 64
"""What copying leaves of the odds of a pair whose legal names differ: six bits less, so that nothing is vetoed."""


def in_view_of_copies(pairs: pl.DataFrame) -> pl.DataFrame:
    """Lower the probability of pairs whose legal names differ, as far as the names of both sides are copies.

    Args:
        pairs: ``customer_id``, ``pair_probability``, ``level_name``, ``is_name_full``, ``has_form`` (a side's name
            carries a legal form), sorted by customer and account.

    Returns:
        The same rows, with ``pair_probability`` in view of the whole company.
    """
    differs = (pl.col("has_form") == 1) & (pl.col("is_name_full") == 0) & pl.col("level_name").is_not_null()
    left = 1.0 - chance_of_copies(pairs) * (1.0 - LEFT_OF_ODDS)
    lowered = ODDS * left / (1.0 + ODDS * left)
    return pairs.with_columns(pair_probability=pl.when(differs).then(lowered).otherwise("pair_probability"))


def chance_of_copies(pairs: pl.DataFrame) -> float:
    """Tell how likely it is that both sides copy the names of one register; arguments as of the caller.

    Reference:
        Bayes' rule for two shares of differing names, over the links that agree in name; tanh is the logistic function
        that never overflows.
    """
    held = pairs.select(pl.col("customer_id").alias("customer"), "pair_probability")
    links = pairs.select("level_name", "is_name_full", "has_form", share=shares(held))
    agreeing = links.filter(pl.col("level_name").is_in(AGREEING), has_form=1)
    whole, same = (float(some["share"].sum()) for some in (agreeing, agreeing.filter(is_name_full=1)))
    for_copies = (
        math.log(USUALLY_COPIED / (1 - USUALLY_COPIED))
        + same * math.log((1 - DIFFERS_IF_COPIED) / (1 - DIFFERS_IF_WRITTEN))
        + (whole - same) * math.log(DIFFERS_IF_COPIED / DIFFERS_IF_WRITTEN)
    )
    return 0.5 * (1.0 + math.tanh(for_copies / 2))
