"""Outcomes: for each customer whose truth is known, what was linked, what was likeliest, and whether it is right."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.links import LINKED, REVIEW

BEST_FROM = 0.5
"""Link probability from which the best candidate counts as a link, whatever the policy says."""

_CERTAIN = ["decision", "id"]


def outcomes(
    truth: pl.DataFrame, links: pl.DataFrame, candidates: pl.DataFrame, evidence: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Compare links and candidates with the truth.

    Args:
        truth: ``customer_id``, ``account_id`` (null: none), once a customer.
        links: rows of ``links``.
        candidates: rows of ``candidates``.
        evidence: what :func:`recon_kit.resolve.evaluation.shared_keys` returns; none: not told.

    Returns:
        One row per customer of the truth, sorted: ``customer_id``, ``true_account_id``, ``best_account_id``,
        ``best_probability``, ``lead`` (over the runner-up), ``best_is_right``; yes or no: ``is_true`` (has an account),
        ``is_linked``, ``is_linked_right``, ``is_best``, ``is_best_right`` (best candidate from 0.5), ``is_review``,
        ``is_true_in_review`` (its account is the one proposed or the runner-up), ``is_blocked`` (its account is among
        the candidates), ``is_lost`` (neither linked right nor in review), ``has_evidence``, ``is_lost_with_evidence``,
        ``is_certain`` (an id or a decision speaks), ``is_modelled`` (the model gives its best candidate a probability).

    Conserves:
        rows == customers of the truth; is_true == is_linked_right + is_true_in_review + is_lost
    """
    of_link = links.select("customer_id", "account_id", "status", "method", "runner_up_account_id")
    known = truth.select("customer_id", true_account_id="account_id")
    told = (
        known.join(of_link, on="customer_id", how="left", validate="1:1")
        .join(_best(candidates), on="customer_id", how="left", validate="1:1")
        .join(_blocked(known, candidates), on="customer_id", how="left", validate="1:1")
        .join(_evidence(known, evidence), on="customer_id", how="left", validate="1:1")
    )
    return _judged(told).sort("customer_id")


def _best(candidates: pl.DataFrame) -> pl.DataFrame:
    """Return one row per customer: its likeliest account, the probability and the lead over the next."""
    ranked = candidates.select("customer_id", "account_id", "link_probability").sort(
        ["customer_id", "link_probability", "account_id"], descending=[False, True, False]
    )
    best = ranked.group_by("customer_id", maintain_order=True).agg(
        best_account_id=pl.first("account_id"),
        best_probability=pl.first("link_probability"),
        next_probability=pl.col("link_probability").get(1, null_on_oob=True).fill_null(0.0),
    )
    return best.with_columns(lead=pl.col("best_probability") - pl.col("next_probability")).drop("next_probability")


def _blocked(known: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    pairs = candidates.select("customer_id", true_account_id="account_id")
    found = known.join(pairs, on=["customer_id", "true_account_id"], how="semi")
    return found.select("customer_id", is_blocked=pl.lit(value=True))


def _evidence(known: pl.DataFrame, evidence: pl.DataFrame | None) -> pl.DataFrame:
    if evidence is None:
        return known.select("customer_id", shares_key=pl.lit(value=None, dtype=pl.Boolean))
    return evidence.select("customer_id", "shares_key")


def _judged(told: pl.DataFrame) -> pl.DataFrame:
    true, likely = pl.col("true_account_id"), pl.col("account_id")
    is_linked, in_review = pl.col("status") == LINKED, pl.col("status") == REVIEW
    certain = pl.col("method").is_in(_CERTAIN).fill_null(value=False)
    flags = told.with_columns(
        is_true=true.is_not_null(),
        best_is_right=pl.col("best_account_id") == true,
        is_linked=is_linked,
        is_linked_right=is_linked & (likely == true),
        is_best=pl.col("best_probability") >= BEST_FROM,
        is_review=in_review,
        is_true_in_review=in_review
        & ((likely == true) | (pl.col("runner_up_account_id") == true).fill_null(value=False)),
        is_certain=certain,
        is_modelled=pl.col("best_probability").is_not_null() & ~certain,
        has_evidence=pl.col("shares_key") & true.is_not_null(),
    ).with_columns(pl.col(*_FLAGS, "best_is_right", "is_blocked").fill_null(value=False))
    lost = pl.col("is_true") & ~pl.col("is_linked_right") & ~pl.col("is_true_in_review")
    return flags.select(
        *("customer_id", "true_account_id", "best_account_id", "best_probability", "lead", "best_is_right"),
        *_FLAGS,
        "is_blocked",
        is_best_right=pl.col("is_best") & pl.col("best_is_right"),
        is_lost=lost,
        is_lost_with_evidence=lost & pl.col("has_evidence"),
    )


_FLAGS = ("is_true", "is_linked", "is_linked_right", "is_best", "is_review", "is_true_in_review", "is_certain",
          "is_modelled", "has_evidence")  # fmt: skip
