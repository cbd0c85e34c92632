"""Labels: what explicit ids and decisions tell for sure about customers, gathered without asking anybody anew."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.decided import CONFIRM, REJECT, pairs_decided

_PAIR = ["customer_id", "account_id"]
_LABEL = ["customer_id", "link_probability", "is_right", "weight", "is_observed"]


def known_accounts(claims: pl.DataFrame, decided: pl.DataFrame | None = None) -> pl.DataFrame:
    """List the customers whose account is told by a confirmed decision or an explicit id that is evidence.

    Args:
        claims: what :func:`recon_kit.resolve.explicit_claims` returns.
        decided: what :func:`recon_kit.resolve.decided_links` returns.

    Returns:
        One row per customer, sorted: ``customer_id``, ``account_id``. A decision wins over an id.
    """
    by_id = claims.filter(pl.col("fault").is_null()).select(_PAIR).drop_nulls().unique()
    agreeing = by_id.filter(pl.len().over("customer_id") == 1)
    if decided is None:
        return agreeing.sort("customer_id")
    confirmed = pairs_decided(decided, CONFIRM).select(_PAIR)
    return pl.concat([confirmed, agreeing.join(confirmed, on="customer_id", how="anti")]).sort("customer_id")


def labelled_links(
    candidates: pl.DataFrame, known: pl.DataFrame, customers: pl.DataFrame, decided: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Say of the model's likeliest links whether they are right, as far as that is known.

    A pair that a person rejected is known to be wrong. Ids and confirmations name only customers that have an account;
    what the model makes of those that have none is told by the same customers with their account taken away: their
    likeliest other account is wrong, and counts by how many of the other customers have none, as the model has it.

    Args:
        candidates: rows of ``candidates``, as linked without ids and decisions.
        known: what :func:`known_accounts` returns.
        customers: all customers, ``customer_id``.
        decided: what :func:`recon_kit.resolve.decided_links` returns.

    Returns:
        One row per label, sorted: ``customer_id``, ``link_probability``, ``is_right``, ``is_observed`` (false: with its
        account taken away), ``weight`` (1 where observed).
    """
    scored = candidates.select(*_PAIR, "link_probability").join(
        known.rename({"account_id": "true_id"}), on="customer_id", how="left", validate="m:1"
    )
    of_known = scored.filter(pl.col("true_id").is_not_null()).with_columns(
        is_right=pl.col("account_id") == pl.col("true_id")
    )
    told, rejected = _likeliest(of_known), _rejected(scored, decided)
    without = _with_account_taken_away(of_known)
    none_for_each = _customers_without_account(scored, known, customers)
    weight = max(none_for_each * known.height - rejected.height, 0.0) / max(without.height, 1)
    counted = [
        part.with_columns(weight=pl.lit(each, dtype=pl.Float64), is_observed=pl.lit(observed)).select(_LABEL)
        for part, each, observed in ((told, 1.0, True), (rejected, 1.0, True), (without, weight, False))
    ]
    return pl.concat(counted).filter(pl.col("weight") > 0).sort(_LABEL)


def _likeliest(pairs: pl.DataFrame) -> pl.DataFrame:
    ranked = pairs.sort(["customer_id", "link_probability", "account_id"], descending=[False, True, False])
    return ranked.unique("customer_id", keep="first", maintain_order=True)


def _rejected(scored: pl.DataFrame, decided: pl.DataFrame | None) -> pl.DataFrame:
    """Return the likeliest pairs of other customers that a person rejected."""
    others = _likeliest(scored.filter(pl.col("true_id").is_null())).with_columns(is_right=pl.lit(value=False))
    if decided is None:
        return others.clear()
    return others.join(pairs_decided(decided, REJECT), on=_PAIR, how="semi")


def _with_account_taken_away(of_known: pl.DataFrame) -> pl.DataFrame:
    """Return the likeliest account but the right one, with the probability it has when that one does not compete."""
    taken = pl.col("link_probability").filter(pl.col("is_right")).sum().over("customer_id")
    left = (pl.col("link_probability") / (1 - taken).clip(1e-9)).clip(0, 1)
    return _likeliest(of_known.with_columns(link_probability=left).filter(~pl.col("is_right")))


def _customers_without_account(scored: pl.DataFrame, known: pl.DataFrame, customers: pl.DataFrame) -> float:
    """Estimate how many customers without an account there are to one with, among those not known, by the model."""
    others = customers.select("customer_id").join(known, on="customer_id", how="anti").height
    expected = float(scored.filter(pl.col("true_id").is_null())["link_probability"].sum())
    return max(others - expected, 0.0) / expected if expected else 0.0
