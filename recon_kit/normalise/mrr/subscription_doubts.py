"""What cannot be told about the MRR of subscriptions, and the money it concerns."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr
from recon_kit.normalise.mrr.billed_lines import tax_is_unknown
from recon_kit.normalise.mrr.valuation import not_testable_rows, without_rate

_SUBJECT = "subscription"
_KEY = "subscription_id"


def subscription_doubts(rows: pl.DataFrame, charged: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    """List the live subscriptions whose MRR is unknown or rests on an assumption.

    Args:
        rows: subscriptions with their MRR columns.
        charged: their items that count, per state.
        counting: the discounts that count, per state.

    Returns:
        Rows of ``not_testable`` (without ``room``); the exposed money is a month's, from the latest invoice line where
        the price itself is unknown.
    """
    live = rows.filter("is_live")
    concerns = [
        _listed(live.join(_unpriced(charged), on=_KEY, validate="1:1"), exposed=pl.col("estimate_minor")),
        _listed(
            live.join(_unknown_coupons(live, counting), on=_KEY, validate="1:1").join(
                _gross(charged), on=_KEY, how="left", validate="1:1"
            ),
            exposed=pl.col("gross_minor"),
        ),
        _listed(
            live.join(_foreign_coupons(live, counting), on=_KEY, validate="1:1"), exposed=pl.col("committed_minor")
        ),
        _listed(live.join(_untaxed(charged), on=_KEY, validate="1:1"), exposed=pl.col("committed_minor")),
        _listed(_without_items(live, charged), exposed=pl.lit(None)),
        without_rate(live, subject=_SUBJECT, key=_KEY, amount="committed_mrr_minor"),
    ]
    return pl.concat(concerns)


def _listed(records: pl.DataFrame, *, exposed: pl.Expr) -> pl.DataFrame:
    known = records.with_columns(committed_minor=money.round_half_up(pl.col("committed_e15")))
    return not_testable_rows(known, subject=_SUBJECT, key=_KEY, reason=pl.col("why"), exposed=exposed)


def _unpriced(charged: pl.DataFrame) -> pl.DataFrame:
    """Estimate what subscriptions with unpriced items bill: known prices, the latest ordinary line for the others."""
    line = money.to_e15(pl.col("line_amount_minor"))
    by_line = mrr.per_month(line, pl.col("interval"), pl.col("interval_count"))
    estimate = pl.coalesce("gross_e15", by_line)
    return (
        _items(charged)
        .group_by(_KEY)
        .agg(
            why=pl.concat_str(pl.col("fault").drop_nulls().unique().sort().head(3).str.join(" "), pl.lit(_LEFT_OUT)),
            estimate_minor=pl.when(estimate.is_not_null().all()).then(money.round_half_up(estimate.sum())),
            is_unpriced=pl.col("fault").is_not_null().any(),
        )
        .filter("is_unpriced")
    )


def _gross(charged: pl.DataFrame) -> pl.DataFrame:
    """Sum a month of list prices, before the discount that is not known."""
    gross = pl.col("gross_e15")
    known = pl.when(gross.is_not_null().all()).then(money.round_half_up(gross.sum()))
    return _items(charged).group_by(_KEY).agg(gross_minor=known)


def _items(charged: pl.DataFrame) -> pl.DataFrame:
    """One row per item, of its first state."""
    return charged.sort("state").unique([_KEY, "item_id"], keep="first", maintain_order=True)


_LEFT_OUT = " Its MRR cannot be told, so it is left out of the comparison."


def _unknown_coupons(live: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    unknown = counting.filter(pl.col("percent_off_e6").is_null(), pl.col("amount_off_minor").is_null())
    names = pl.col("discount_id").fill_null("without id").unique().sort().head(3).str.join(", ")
    why = pl.format("The coupon of discount {} is not in the coupons file.{}", names, pl.lit(_LEFT_OUT))
    return unknown.join(live, on=_KEY, how="semi").group_by(_KEY).agg(why=why)


def _foreign_coupons(live: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    known = counting.join(live.select(_KEY, "currency"), on=_KEY, validate="m:1")
    foreign = known.filter(pl.col("percent_off_e6").is_null(), pl.col("off_currency") != pl.col("currency"))
    names = pl.col("discount_id").fill_null("without id").unique().sort().head(3).str.join(", ")
    why = pl.format(
        "Discount {} is an amount in another currency than the subscription's; it takes nothing off.", names
    )
    return foreign.group_by(_KEY).agg(why=why)


def _untaxed(charged: pl.DataFrame) -> pl.DataFrame:
    why = "Its price includes tax, but neither a tax rate nor an invoice line tells how much; the MRR holds it."
    return charged.filter(tax_is_unknown()).select(_KEY, why=pl.lit(why)).unique(_KEY, keep="any")


def _without_items(live: pl.DataFrame, charged: pl.DataFrame) -> pl.DataFrame:
    unknown = live.filter(~pl.col("is_comparable")).join(charged, on=_KEY, how="anti")
    return unknown.with_columns(why=pl.lit("The subscription has no items in the data." + _LEFT_OUT))
