"""Candidates: every pair of customer and account that a decision, an id or the model connects, with its probability."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.decided import CONFIRM, REJECT, pairs_decided
from recon_kit.resolve.evidence_words import words_against, words_for
from recon_kit.resolve.model import LinkModel, score_pairs, shipped_model
from recon_kit.resolve.model.scoring import LEVELS
from recon_kit.resolve.model.second_stage import link_probabilities
from recon_kit.resolve.model.settings import Engine
from recon_kit.schemas import TABLES

DECISION, ID, MODEL = "decision", "id", "model"
_PAIR = ["customer_id", "account_id"]


def propose_candidates(
    account_keys: pl.DataFrame,
    customer_keys: pl.DataFrame,
    claims: pl.DataFrame,
    decided: pl.DataFrame | None = None,
    *,
    floor: float = -5.0,
    engine: Engine = "duckdb",
    model: LinkModel | None = None,
) -> pl.DataFrame:
    """Pair customers with accounts by decision, by explicit id and by the model.

    A decision, then an id, takes the whole probability of its customer; what the model says of its other pairs is kept
    with probability 0. A pair that a person rejected is not proposed; what it would have taken goes to the next best.

    Args:
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        claims: what :func:`recon_kit.resolve.explicit_claims` returns.
        decided: what :func:`recon_kit.resolve.decided_links` returns.
        floor: match weight below which the model's pairs are left out, in bits.
        engine: where Splink computes.
        model: another model than the shipped one.

    Returns:
        One row per (customer_id, account_id), sorted: columns of ``candidates`` with working columns ``kind``
        (decision, id, model), ``told`` (what a decision or an id says), ``words_for`` and ``words_against``. Over one
        customer ``link_probability`` sums to at most 1.
    """
    rejected = _decided_pairs(decided, REJECT).select(_PAIR)
    certain = _certain(claims, decided).join(rejected, on=_PAIR, how="anti")
    known = _with_domains_of_customers(account_keys, customer_keys, certain)
    scored = score_pairs(known, customer_keys, rejected, floor=floor, engine=engine, model=model)
    used = model or shipped_model()
    competing = scored.with_columns(
        link_probabilities(scored.rename({"customer_id": "customer"}), used.calibrator),
        words_for=words_for(),
        words_against=words_against(),
    ).drop("pair_probability", *LEVELS)
    return _with_certain(competing, certain)


def _certain(claims: pl.DataFrame, decided: pl.DataFrame | None) -> pl.DataFrame:
    """List the pairs that a decision or an id settles; a decision about a customer silences its ids."""
    by_decision = _decided_pairs(decided, CONFIRM).with_columns(kind=pl.lit(DECISION))
    by_id = _named_by_id(claims).with_columns(kind=pl.lit(ID)).join(by_decision, on="customer_id", how="anti")
    columns = [*_PAIR, "kind", "told"]
    return pl.concat([by_decision.select(columns), by_id.select(columns)])


def _with_domains_of_customers(
    account_keys: pl.DataFrame, customer_keys: pl.DataFrame, certain: pl.DataFrame
) -> pl.DataFrame:
    """Count a company domain from which a settled customer writes as its account's, beside the account's own."""
    writes = customer_keys.select("customer_id", theirs="domains").filter(pl.col("theirs").list.len() > 0)
    written = certain.join(writes, on="customer_id", how="inner", validate="m:1")
    united = written.group_by("account_id").agg(pl.col("theirs").explode(empty_as_null=False).unique().sort())
    joined = account_keys.join(united, on="account_id", how="left", validate="1:1", maintain_order="left")
    both = pl.col("domains").fill_null([]).list.set_union(pl.col("theirs").fill_null([])).list.sort()
    return joined.with_columns(domains=both).drop("theirs")


def _with_certain(competing: pl.DataFrame, certain: pl.DataFrame) -> pl.DataFrame:
    joined = competing.join(certain, on=_PAIR, how="full", coalesce=True, validate="1:1")
    is_settled = pl.col("kind").is_not_null()
    settled = is_settled.sum().over("customer_id")
    probability = (
        pl.when(is_settled).then(1.0 / settled).when(settled > 0).then(0.0).otherwise(pl.col("link_probability"))
    )
    said = pl.when(is_settled).then(pl.format("{}: {}", "kind", "told"))
    against = pl.format("but {}", pl.when(pl.col("words_against") != "").then("words_against"))
    speaking = pl.when(pl.col("words_for") != "").then("words_for")
    whole = joined.with_columns(
        pl.col("words_for", "words_against").fill_null(""),
        kind=pl.col("kind").fill_null(MODEL),
        link_probability=probability,
        evidence=pl.concat_str(said, speaking, against, separator="; ", ignore_nulls=True),
    )
    return whole.select(*TABLES["candidates"].columns, "kind", "told", "words_for", "words_against").sort(_PAIR)


def _decided_pairs(decided: pl.DataFrame | None, decision: str) -> pl.DataFrame:
    """Pairs that a person confirmed or rejected, with who, when and why as ``told``."""
    if decided is None:
        return pl.DataFrame(schema={"customer_id": pl.String, "account_id": pl.String, "told": pl.String})
    return pairs_decided(decided, decision)


def _named_by_id(claims: pl.DataFrame) -> pl.DataFrame:
    """Pairs that explicit ids name, with who names whom as ``told``."""
    said = pl.col("subject").replace_strict(_NAMED_BY, return_dtype=pl.String)
    return claims.filter(pl.col("fault").is_null()).group_by(_PAIR).agg(told=said.unique().sort().str.join(" and "))


_NAMED_BY = {
    "account": "the account carries this customer's id",
    "customer": "this customer's metadata names the account or its opportunity",
    "subscription": "a subscription's metadata names the account or its opportunity",
    "opportunity": "an opportunity of the account carries a subscription's id",
}
