"""Links: the one account a customer belongs to, where the evidence is clear; never a forced choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.controls import Control
from recon_kit.resolve.candidates import DECISION, ID
from recon_kit.resolve.decided import notes_on_customers
from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from recon_kit.policy import Policy

LINKED, REVIEW, UNLINKED = "linked", "review", "unlinked"


def choose_links(
    candidates: pl.DataFrame,
    customers: pl.DataFrame,
    accounts: pl.DataFrame,
    *,
    policy: Policy,
    decided: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Choose for every customer the account it belongs to, or say that none can be chosen.

    Args:
        candidates: what :func:`recon_kit.resolve.propose_candidates` returns.
        customers: rows of ``customers``.
        accounts: rows of ``accounts``, for their names.
        policy: ``auto_link``, ``review_floor`` and ``runner_up_margin``.
        decided: what :func:`recon_kit.resolve.decided_links` returns. What people decided and does not link stands in
            the reason; a pair of which one is unsure, and a customer that two decisions contradict each other about, is
            never linked by the model.

    Returns:
        One row per customer, sorted: columns of ``links``. Only rows of status ``linked`` are links; ``review`` names
        the likeliest account for a person to decide on.

    Conserves:
        rows == customers
    """
    ranked = candidates.sort(["customer_id", "link_probability", "account_id"], descending=[False, True, False])
    best = ranked.group_by("customer_id", maintain_order=True).agg(
        pl.first("account_id", "kind", "told", "words_for", "words_against", "link_probability", "match_weight"),
        runner_up_account_id=pl.col("account_id").get(1, null_on_oob=True),
        runner_up_probability=pl.col("link_probability").get(1, null_on_oob=True),
    )
    chosen = customers.select("customer_id").join(best, on="customer_id", how="left", validate="1:1")
    noted = chosen.join(_notes(decided), on="customer_id", how="left", validate="1:1")
    judged = noted.with_columns(status=_unless_held(_status(policy)))
    kept = [pl.when(pl.col("status") != UNLINKED).then(name).alias(name) for name in _OF_THE_PAIR]
    names = accounts.select("account_id", account_name="name")
    named = (
        judged.with_columns(method=_method())
        .join(names, on="account_id", how="left", validate="m:1")
        .join(
            names.select(runner_up_account_id="account_id", runner_up_name="account_name"),
            on="runner_up_account_id",
            how="left",
            validate="m:1",
        )
    )
    reason = pl.concat_str(_reason(), "note", separator=" ", ignore_nulls=True)
    return named.with_columns(reason=reason).with_columns(kept).select(TABLES["links"].columns).sort("customer_id")


_OF_THE_PAIR = ("account_id", "link_probability", "match_weight", "runner_up_account_id", "runner_up_probability")


def _status(policy: Policy) -> pl.Expr:
    probability = pl.col("link_probability").fill_null(0.0)
    lead = probability - pl.col("runner_up_probability").fill_null(0.0)
    is_clear = (probability >= policy.auto_link) & (lead >= policy.runner_up_margin)
    is_named = pl.col("kind").is_in([DECISION, ID]).fill_null(value=False) & (probability == 1)
    return (
        pl.when(is_named | is_clear)
        .then(pl.lit(LINKED))
        .when(probability >= policy.review_floor)
        .then(pl.lit(REVIEW))
        .otherwise(pl.lit(UNLINKED))
    )


def _notes(decided: pl.DataFrame | None) -> pl.DataFrame:
    if decided is None:
        return pl.DataFrame(schema=_NOTE)
    return notes_on_customers(decided)


_NOTE: dict[str, pl.DataType] = {
    "customer_id": pl.String(),
    "note": pl.String(),
    "is_held": pl.Boolean(),
    "unsure_ids": pl.List(pl.String()),
    "has_rejected": pl.Boolean(),
}


def _unless_held(status: pl.Expr) -> pl.Expr:
    """Put a link in review where people are unsure of it or contradict each other."""
    is_unsure = pl.col("unsure_ids").list.contains(pl.col("account_id")).fill_null(value=False)
    is_held = pl.col("is_held").fill_null(value=False) | is_unsure
    return pl.when(is_held & (status == LINKED)).then(pl.lit(REVIEW)).otherwise(status)


def _method() -> pl.Expr:
    is_open = pl.col("status") == UNLINKED
    is_certain = pl.col("kind").is_in([DECISION, ID])
    by_kind = pl.when(is_certain).then("kind").otherwise(pl.lit("model"))
    return pl.when(is_open).then(pl.lit("none")).otherwise(by_kind)


def _reason() -> pl.Expr:
    """Say in one sentence why a customer has the status it has."""
    account = pl.col("account_name").fill_null(pl.col("account_id"))
    other = pl.col("runner_up_name").fill_null(pl.col("runner_up_account_id"))
    chance, second = _spoken("link_probability"), _spoken("runner_up_probability")
    against = pl.format("; but {}", pl.when(pl.col("words_against") != "").then("words_against")).fill_null("")
    speaks = pl.when(pl.col("words_for") != "").then("words_for").otherwise(pl.lit("little"))
    next_best = pl.format(
        " Next: {} ({}).", pl.when(pl.col("runner_up_probability") >= _WORTH_NAMING).then(other), second
    ).fill_null("")
    by_id = pl.format("Explicit id: {}, account {}.", "told", account)
    by_decision = pl.format("Confirmed as account {}: {}.", account, "told")
    linked = pl.format("Account {}, probability {}: {}{}.{}", account, chance, speaks, against, next_best)
    close = pl.format(
        "Too close to call: {} ({}: {}) or {} ({}): a person must choose.", account, chance, speaks, other, second
    )
    likely = pl.format(
        "Perhaps account {}, probability {}: {}{}. A person must decide.{}", account, chance, speaks, against, next_best
    )
    far = pl.format(
        "No account is likely enough: the nearest is {}, probability {}: {}{}.", account, chance, speaks, against
    )
    none = pl.format(
        "No {}account shares a name, an address, a domain, a number or a place with this customer.",
        pl.when(pl.col("has_rejected").fill_null(value=False)).then(pl.lit("other ")).otherwise(pl.lit("")),
    )
    is_close = (pl.col("status") == REVIEW) & (pl.col("runner_up_probability") >= pl.col("link_probability") / 3)
    return (
        pl.when(pl.col("kind") == DECISION)
        .then(by_decision)
        .when(pl.col("kind") == ID)
        .then(by_id)
        .when(pl.col("account_id").is_null())
        .then(none)
        .when(pl.col("status") == LINKED)
        .then(linked)
        .when(is_close)
        .then(close)
        .when(pl.col("status") == REVIEW)
        .then(likely)
        .otherwise(far)
    )


_WORTH_NAMING = 0.01
"""Probability from which the runner-up is named."""


def _spoken(name: str) -> pl.Expr:
    """Write a probability with two decimals, and never as 0 or 1."""
    probability = pl.col(name)
    return (
        pl.when(probability > 0.994)  # noqa: PLR2004
        .then(pl.lit("over 0.99"))
        .when(probability < 0.01)  # noqa: PLR2004
        .then(pl.lit("under 0.01"))
        .otherwise(probability.round(2).cast(pl.String).str.pad_end(4, "0"))
    )


def link_controls(links: pl.DataFrame, customers: pl.DataFrame, candidates: pl.DataFrame) -> list[Control]:
    """State that every customer has one row of links, and that no customer's probabilities exceed 1."""
    sums = candidates.group_by("customer_id").agg(total=pl.col("link_probability").sum())
    too_high = sums.filter(pl.col("total") > 1 + 1e-9).height
    return [
        Control(
            "resolve.customers.rows",
            "resolve",
            "customers = rows of links",
            left_rows=customers.height,
            right_rows=links["customer_id"].n_unique(),
        ),
        Control(
            "resolve.probabilities",
            "resolve",
            "customers whose link probabilities exceed 1 = none",
            left_rows=too_high,
            right_rows=0,
        ),
    ]
