"""Similarities: how alike the names of a pair are, letter by letter and word by word."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from recon_kit.resolve.model.records import Records

_COMPARED: dict[str, tuple[str, str, Callable[..., Any], float]] = {
    "sim_letters": ("name_joined", "name_joined", fuzz.ratio, 100.0),
    "sim_start": ("name_joined", "name_joined", JaroWinkler.normalized_similarity, 1.0),
    "sim_words": ("name_core", "name_core", fuzz.token_sort_ratio, 100.0),
    "sim_shared_words": ("name_core", "name_core", fuzz.token_set_ratio, 100.0),
    "sim_full": ("name_full", "name_full", fuzz.token_sort_ratio, 100.0),
    "sim_name_label": ("name_joined", "domain_root", fuzz.ratio, 100.0),
    "sim_label_name": ("domain_root", "name_joined", fuzz.ratio, 100.0),
}
"""Feature -> column of the customer, column of the account, measure, its greatest value."""


def with_similarities(pairs: pl.DataFrame, records: Records) -> pl.DataFrame:
    """Add how alike the names of each pair are.

    Returns:
        One row per pair, in the order given, with ``sim_*`` (0 to 1; null where a side is missing); ``sim_crossed``
        compares the name of one side with the domain of the other.
    """
    theirs, ours = records.customers, records.accounts
    compared = [
        _similarity(
            theirs[left].gather(pairs["customer"]), ours[right].gather(pairs["account"]), measure, greatest
        ).alias(name)
        for name, (left, right, measure, greatest) in _COMPARED.items()
    ]
    return pairs.with_columns(compared).with_columns(sim_crossed=pl.max_horizontal("sim_name_label", "sim_label_name"))


def _similarity(left: pl.Series, right: pl.Series, measure: Callable[..., Any], greatest: float) -> pl.Series:
    texts: list[Sequence[Hashable]] = left.fill_null("").to_list()
    scores = process.cpdist(texts, right.fill_null("").to_list(), scorer=measure, dtype=np.float32)
    known = left.is_not_null() & right.is_not_null()
    given = pl.DataFrame({"known": known, "score": pl.Series(scores, dtype=pl.Float32)})
    return given.select(pl.when("known").then(pl.col("score").cast(pl.Float64) / greatest)).to_series()


def with_shared_words(pairs: pl.DataFrame, records: Records) -> pl.DataFrame:
    """Add how telling the words are that both names have: a word that n of N accounts carry tells log(N / n).

    Returns:
        One row per pair, in the order given, with ``words_shared`` (of all words in common together; null where no word
        is) and ``rarest_shared`` (of the most telling, as share of log N).
    """
    size = records.size
    ours, theirs = _words(records.accounts, "account"), _words(records.customers, "customer")
    carried = ours.group_by("word").agg(tells=(size / pl.len()).log())
    shared = (
        pairs.select("customer", "account")
        .join(theirs, on="customer", how="inner", validate="m:m")
        .join(ours, on=["account", "word"], how="inner", validate="m:1")
        .join(carried, on="word", how="inner", validate="m:1")
        .group_by("customer", "account")
        .agg(words_shared=pl.col("tells").sort().sum(), rarest_shared=pl.col("tells").max() / np.log(size))
    )
    return pairs.join(shared, on=["customer", "account"], how="left", validate="1:1", maintain_order="left")


def _words(side: pl.DataFrame, name: str) -> pl.DataFrame:
    listed = side.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias(name), word="tokens")
    return listed.explode("word", empty_as_null=False).unique()
