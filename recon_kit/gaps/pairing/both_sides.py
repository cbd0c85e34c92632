"""Both sides: contracts and subscriptions laid out by unit, ready to be compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.own_currency import is_unrated
from recon_kit.gaps.pairing.chains import (
    NEVER_EXISTED,
    contract_chains,
    last_day_of_service,
    renewed_by,
    subscription_chains,
)
from recon_kit.gaps.pairing.explicit_pairs import named_pairs, tied_subscriptions
from recon_kit.gaps.pairing.units import subscriptions_by_unit, units
from recon_kit.policy import Policy


@dataclass(frozen=True)
class BothSides:
    """The records of both systems by unit.

    Attributes:
        units: what :func:`recon_kit.gaps.pairing.units.units` returns.
        contracts: won opportunities with ``unit_id``, ``last_on``, ``mrr`` and ``term_mrr`` (reporting currency),
            ``role``, ``is_foreign`` (no rate converts its currency), ``tied_to`` and the columns of
            :func:`contract_chains`; those compared have a ``node_id``, the contract under which a negative amendment is
            compared.
        subscriptions: subscriptions that existed, with ``unit_id``, ``mrr``, ``committed``, ``role``, ``is_foreign``,
            and those of :func:`recon_kit.gaps.pairing.chains.subscription_chains`.
        named: contracts and subscriptions that name one another, in whichever state.
    """

    units: pl.DataFrame
    contracts: pl.DataFrame
    subscriptions: pl.DataFrame
    named: pl.DataFrame


COMPARED, NOT_IN_FORCE, ELSEWHERE = "compared", "not_in_force", "billed_elsewhere"
NO_VALUE, UNKNOWN, ENDED = "no_recurring_value", "not_comparable", "ended"
OWN_CURRENCY = "compared_in_its_own_currency"


def lay_out(books: Books, *, as_of: dt.date, policy: Policy, crossing: Sequence[str] = ()) -> BothSides:
    """Give every contract and subscription its unit, its role in the comparison and its chain.

    Args:
        books: the tables; what their common rates do not convert takes no part.
        as_of: the day of the close.
        policy: ``reactivation_days``.
        crossing: the units where that leaves a doubt (:func:`recon_kit.gaps.own_currency.crossing_units`).
    """
    existed = _existed(books, crossing)
    won = _won(books, as_of, crossing).join(
        tied_subscriptions(books.contracts, existed), on="opportunity_id", how="left", validate="1:1"
    )
    return BothSides(
        units=units(books),
        contracts=won.join(
            contract_chains(won, policy.reactivation_days), on="opportunity_id", how="left", validate="1:1"
        ).sort("opportunity_id"),
        subscriptions=existed.join(
            subscription_chains(existed, policy.reactivation_days), on="subscription_id", how="left", validate="1:1"
        ).sort("subscription_id"),
        named=named_pairs(won, existed, renewed_by(won, as_of, policy.reactivation_days)),
    )


def _won(books: Books, as_of: dt.date, crossing: Sequence[str]) -> pl.DataFrame:
    lines = books.contract_lines.select("opportunity_id", has_lines=pl.lit(value=True)).unique()
    won = (
        books.contracts.filter("is_won")
        .join(lines, on="opportunity_id", how="left", validate="1:1")
        .with_columns(
            unit_id="account_id",
            last_on=last_day_of_service(),
            mrr=pl.col("mrr_reporting_minor").fill_null(0),
            term_mrr=pl.col("term_mrr_reporting_minor").fill_null(0),
            has_lines=pl.col("has_lines").fill_null(value=False),
            starts_later=(pl.col("start_on") > as_of).fill_null(value=False),
            is_foreign=is_unrated(books),
        )
    )
    role = (
        pl.when(~pl.col("is_effective"))
        .then(pl.lit(NOT_IN_FORCE))
        .when(~pl.col("is_billed_in_stripe"))
        .then(pl.lit(ELSEWHERE))
        .otherwise(_role_by("mrr_reporting_minor", crossing))
    )
    return _with_nodes(won.with_columns(role=role))


def _role_by(amount: str, crossing: Sequence[str]) -> pl.Expr:
    """Whether a record is compared, here or in its own currency, or cannot be."""
    is_set_apart = pl.col("is_foreign") & ~pl.col("unit_id").is_in(list(crossing))
    return (
        pl.when(~pl.col("is_comparable"))
        .then(pl.lit(UNKNOWN))
        .when(pl.col(amount).is_not_null())
        .then(pl.lit(COMPARED))
        .when(is_set_apart)
        .then(pl.lit(OWN_CURRENCY))
        .otherwise(pl.lit(UNKNOWN))
    )


def _with_nodes(won: pl.DataFrame) -> pl.DataFrame:
    """Compare a negative amendment together with what it amends, else with the unit's largest contract."""
    compared = won.filter(pl.col("role") == COMPARED)
    positive = compared.filter(pl.col("mrr") > 0)
    bases = positive.select("unit_id", amends_id="opportunity_id", base_id="opportunity_id")
    largest = (
        positive.sort(["unit_id", "mrr", "opportunity_id"], descending=[False, True, False])
        .group_by("unit_id", maintain_order=True)
        .agg(largest_id=pl.first("opportunity_id"))
    )
    homes = (
        compared.filter(pl.col("mrr") < 0)
        .join(bases, on=["unit_id", "amends_id"], how="left", validate="m:1")
        .join(largest, on="unit_id", how="left", validate="m:1")
        .select("opportunity_id", home_id=pl.coalesce("base_id", "largest_id"))
    )
    node = pl.when(pl.col("role") == COMPARED).then(
        pl.when(pl.col("mrr") > 0).then("opportunity_id").otherwise("home_id")
    )
    with_node = won.join(homes, on="opportunity_id", how="left", validate="1:1").with_columns(node_id=node)
    worth = pl.col("mrr").sum().over("node_id")
    is_worth = pl.col("node_id").is_not_null() & (worth > 0)
    role = pl.when((pl.col("role") == COMPARED) & ~is_worth).then(pl.lit(NO_VALUE)).otherwise("role")
    return with_node.drop("home_id").with_columns(role=role, node_id=pl.when(is_worth).then("node_id"))


def _existed(books: Books, crossing: Sequence[str]) -> pl.DataFrame:
    known = subscriptions_by_unit(books).filter(~pl.col("status").is_in(NEVER_EXISTED))
    laid_out = known.with_columns(
        mrr=pl.col("mrr_reporting_minor").fill_null(0),
        committed=pl.col("committed_mrr_reporting_minor").fill_null(0),
        starts_on=pl.coalesce("start_on", "created_on"),
        is_foreign=is_unrated(books),
    )
    role = (
        pl.when(~pl.col("is_live")).then(pl.lit(ENDED)).otherwise(_role_by("committed_mrr_reporting_minor", crossing))
    )
    return laid_out.with_columns(role=role)
