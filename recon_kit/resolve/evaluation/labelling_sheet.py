"""Labelling sheet: the customers whose answers would teach most, each a different lesson."""

from __future__ import annotations

import polars as pl

from recon_kit.schemas import TABLES

ROWS = 60
"""Customers on a sheet: about an hour's work."""

_EDGES = (0.2, 0.5, 0.8, 0.95)
_LEAST_DOUBT = 0.02
"""So that links thought sure are asked about as well, those with most money first."""


def labelling_sheet(
    candidates: pl.DataFrame,
    links: pl.DataFrame,
    *,
    accounts: pl.DataFrame,
    customers: pl.DataFrame,
    subscriptions: pl.DataFrame,
    rows: int = ROWS,
) -> pl.DataFrame:
    """Choose the pairs to ask a person about: near even odds, with money at stake, and unlike each other.

    A pair counts by p (1 - p) and by the logarithm of its customer's MRR. Pairs of one kind (how likely, by which
    evidence) take turns with the other kinds, and no account is asked about twice.

    Args:
        candidates: rows of ``candidates``.
        links: rows of ``links``; those by id or decision are not asked about.
        accounts: rows of ``accounts``.
        customers: rows of ``customers``.
        subscriptions: rows of ``subscriptions``.
        rows: how many at most.

    Returns:
        Rows of ``labelling_sheet``, most telling first.
    """
    open_customers = links.filter(~pl.col("method").is_in(["decision", "id"])).select("customer_id")
    likely = _likeliest(candidates.join(open_customers, on="customer_id", how="semi"))
    named = customers.select("customer_id", customer_name="name", customer_email="email")
    asked = (
        likely.join(_mrr(subscriptions), on="customer_id", how="left", validate="1:1")
        .with_columns(pl.col("mrr_minor").fill_null(0))
        .join(named, on="customer_id", how="left", validate="1:1")
        .join(accounts.select("account_id", account_name="name"), on="account_id", how="left", validate="m:1")
    )
    chosen = _in_turns(asked).head(rows).with_row_index("rank", offset=1)
    told = chosen.with_columns(pl.col("rank").cast(pl.Int64), why=_why())
    return told.select(TABLES["labelling_sheet"].columns)


def _likeliest(candidates: pl.DataFrame) -> pl.DataFrame:
    told = candidates.with_columns(kind=_strongest(candidates.columns))
    ranked = told.sort(["customer_id", "link_probability", "account_id"], descending=[False, True, False])
    return ranked.group_by("customer_id", maintain_order=True).agg(
        pl.first("account_id", "link_probability", "evidence", "kind"),
        runner_up_account_id=pl.col("account_id").get(1, null_on_oob=True),
        runner_up_probability=pl.col("link_probability").get(1, null_on_oob=True),
    )


def _strongest(columns: list[str]) -> pl.Expr:
    """Number the comparison that speaks loudest for a pair."""
    weights = [name for name in columns if name.startswith("weight_") and name != "weight_context"]
    return pl.concat_list(pl.col(name).fill_null(0.0) for name in weights).list.arg_max()


def _mrr(subscriptions: pl.DataFrame) -> pl.DataFrame:
    return subscriptions.group_by("customer_id").agg(mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())


def _in_turns(asked: pl.DataFrame) -> pl.DataFrame:
    """Order pairs so that the most telling of every kind come first; of one account only the most telling stays."""
    probability = pl.col("link_probability")
    doubt = (probability * (1 - probability)).clip(_LEAST_DOUBT)
    money = 1 + (pl.col("mrr_minor").clip(0) + 1).log10()
    ordered = asked.with_columns(
        telling=(doubt * money).round(9),
        likeliness=pl.sum_horizontal((probability >= edge).cast(pl.Int64) for edge in _EDGES),
    ).sort(["telling", "customer_id"], descending=[True, False])
    once = ordered.unique("account_id", keep="first", maintain_order=True)
    turn = pl.int_range(pl.len()).over("likeliness", "kind")
    return once.with_columns(turn=turn).sort(["turn", "telling", "customer_id"], descending=[False, True, False])


def _why() -> pl.Expr:
    whole = (100 * pl.col("link_probability")).round(0).cast(pl.Int64)
    probability = (
        pl.when(whole == 0)
        .then(pl.lit("under 1 %"))
        .when(whole == 100)  # noqa: PLR2004  (a per cent)
        .then(pl.lit("over 99 %"))
        .otherwise(pl.format("{} %", whole))
    )
    is_likely = pl.col("link_probability") >= _EDGES[0]
    is_close = is_likely & (pl.col("runner_up_probability") > pl.col("link_probability") / 2)
    return (
        pl.when(is_close)
        .then(pl.format("Two accounts come into question; the likelier has {}.", probability))
        .when(pl.col("link_probability").is_between(_EDGES[0], _EDGES[2]))
        .then(pl.format("The model is not sure: {}.", probability))
        .when(pl.col("link_probability") > _EDGES[2])
        .then(pl.format("The model gives {}: is it as right as that?", probability))
        .otherwise(pl.format("The model gives {} only: is it really none?", probability))
    )
