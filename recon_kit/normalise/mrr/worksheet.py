"""The MRR worksheet: the steps from the raw figure to MRR as columns, to be re-performed by hand."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.schemas import TABLES

CRM, BILLING = "crm", "billing"


def subscription_worksheet(rows: pl.DataFrame) -> pl.DataFrame:
    """Lay out each subscription: gross - item discounts - discounts - tax = net, a month.

    A live subscription in trial shows what it will bill; ``counts`` and ``reason`` say that it is no MRR yet.

    Returns:
        Rows of ``mrr_worksheet``, one per subscription.
    """
    gross, after_item = _shown("gross_e15"), _shown("after_item_e15")
    after, net = _shown("after_e15"), _shown("net_e15")
    return _table(
        rows,
        side=pl.lit(BILLING),
        record_id=pl.col("subscription_id"),
        currency=pl.col("currency"),
        interval=_shown("interval"),
        parts=_shown("parts"),
        gross_monthly=_if_known(gross),
        item_discount_monthly=_if_known(gross - after_item),
        discount_monthly=_if_known(after_item - after),
        tax_monthly=_if_known(after - net),
        net_monthly=_if_known(net),
        counts=pl.col("counts") & pl.col("is_comparable"),
        reason=_why_not(),
        mrr_minor=pl.col("mrr_minor"),
        rate_on=pl.col("rate_on"),
        rate=pl.col("rate"),
        mrr_reporting_minor=pl.col("mrr_reporting_minor"),
    )


def _shown(column: str) -> pl.Expr:
    return pl.when(pl.col("shown_state") == "committed").then(f"{column}_committed").otherwise(column)


def _if_known(exact: pl.Expr) -> pl.Expr:
    return pl.when(_shown("is_known")).then(money.from_e15(exact))


def _why_not() -> pl.Expr:
    trial_end = pl.col("trial_end_on").dt.to_string("%Y-%m-%d").fill_null("an unknown day")
    return (
        pl.when(~pl.col("is_comparable"))
        .then(pl.lit("cannot be told"))
        .when(pl.col("counts"))
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("status") == "trialing")
        .then(pl.format("in trial until {}", trial_end))
        .when(pl.col("is_live") & pl.col("is_collection_paused"))
        .then(pl.lit("collection paused"))
        .otherwise(pl.format("status {}", "status"))
    )


def subscription_parts(priced: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Lay out each subscription item.

    Args:
        priced: all items with ``gross_e15``, ``reason`` and ``is_in_trial``.
        shown: the items that count in the state the worksheet shows, with what discounts and tax left.

    Returns:
        Rows of ``mrr_worksheet_parts``, one per item; items that are no MRR have their reason.
    """
    key = ["subscription_id", "item_id"]
    amounts = shown.select(*key, "after_e15", "net_e15", is_shown=pl.lit(value=True))
    items = priced.join(amounts, on=key, how="left", validate="1:1")
    is_shown = pl.col("is_shown").fill_null(value=False)
    trial = pl.format("item in trial until {}", pl.col("trial_end_on").dt.to_string("%Y-%m-%d"))
    return _parts_table(
        items,
        side=pl.lit(BILLING),
        record_id=pl.col("subscription_id"),
        part_id=pl.col("item_id"),
        label=pl.coalesce("nickname", "product", "price_id"),
        quantity=pl.col("quantity"),
        unit_amount=pl.col("unit_amount"),
        interval=pl.col("interval"),
        interval_count=pl.col("interval_count"),
        gross_monthly=money.from_e15(pl.col("gross_e15")),
        discount_monthly=money.from_e15(pl.col("gross_e15") - pl.col("after_e15")),
        tax_monthly=money.from_e15(pl.col("after_e15") - pl.col("net_e15")),
        net_monthly=money.from_e15(pl.col("net_e15")),
        counts=is_shown & pl.col("net_e15").is_not_null(),
        reason=pl.coalesce("fault", "reason", pl.when(~is_shown).then(trial)),
    )


def contract_worksheet(rows: pl.DataFrame) -> pl.DataFrame:
    """Lay out each contract on the day of its term nearest as_of.

    ``gross_monthly`` is the net amount as stated, a month; ``discount_monthly`` is negative once a conditional discount
    has ended, since the amount already held it.

    Returns:
        Rows of ``mrr_worksheet``, one per opportunity.
    """
    return _table(
        rows,
        side=pl.lit(CRM),
        record_id=pl.col("opportunity_id"),
        currency=pl.col("currency"),
        basis=pl.when("by_lines").then(pl.lit("lines")).otherwise("amount_basis"),
        raw_minor=pl.col("raw_minor"),
        term_months=pl.col("term_months"),
        parts=pl.col("parts"),
        gross_monthly=money.from_e15(pl.col("stated_e15")),
        discount_monthly=money.from_e15(pl.col("stated_e15") - pl.col("term_e15")),
        net_monthly=money.from_e15(pl.col("term_e15")),
        counts=pl.col("is_effective") & pl.col("is_comparable"),
        reason=pl.col("reason"),
        mrr_minor=pl.col("mrr_minor"),
        rate_on=pl.col("rate_on"),
        rate=pl.col("rate"),
        mrr_reporting_minor=pl.col("mrr_reporting_minor"),
    )


def contract_parts(lines: pl.DataFrame) -> pl.DataFrame:
    """Lay out each opportunity line item: its total over its own months.

    Returns:
        Rows of ``mrr_worksheet_parts``, one per line; lines that are no MRR have their reason.
    """
    whole = pl.col("months_numerator").cast(pl.String)
    ratio = pl.concat_str(whole, pl.lit("/"), pl.col("months_denominator").cast(pl.String))
    return _parts_table(
        lines,
        side=pl.lit(CRM),
        record_id=pl.col("opportunity_id"),
        part_id=pl.col("line_id"),
        label=pl.coalesce("product", "sku"),
        quantity=pl.col("quantity"),
        unit_amount=pl.col("unit_price_minor").cast(pl.Decimal(38, 12)),
        raw_minor=pl.col("total_price_minor"),
        months=pl.when(pl.col("months_denominator") == 1).then(whole).otherwise(ratio),
        gross_monthly=money.from_e15(pl.col("monthly_e15")),
        net_monthly=money.from_e15(pl.col("monthly_e15")),
        counts=pl.col("counts") & pl.col("monthly_e15").is_not_null(),
        reason=pl.col("reason"),
    )


def _table(records: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    return _laid_out("mrr_worksheet", records, columns)


def _parts_table(records: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    return _laid_out("mrr_worksheet_parts", records, columns)


def _laid_out(table: str, records: pl.DataFrame, columns: dict[str, pl.Expr]) -> pl.DataFrame:
    schema = TABLES[table].empty().schema
    missing = pl.lit(None)
    return records.select(columns.get(name, missing).cast(kind).alias(name) for name, kind in schema.items())
