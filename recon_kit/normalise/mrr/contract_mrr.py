"""MRR of Salesforce contracts: from their recurring lines, else from the amount by its basis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import calendar, money, mrr
from recon_kit.normalise.mrr.contract_line_mrr import line_totals, monthly_lines
from recon_kit.normalise.mrr.valuation import (
    Valuation,
    in_reporting_currency,
    not_testable_rows,
    with_common_rate,
    without_rate,
)
from recon_kit.normalise.mrr.worksheet import contract_parts, contract_worksheet

if TYPE_CHECKING:
    import datetime as dt

_MONTHS_A_YEAR = 12
MRR_COLUMNS = [
    "is_comparable",
    "mrr_minor",
    "mrr_reporting_minor",
    "term_mrr_minor",
    "term_mrr_reporting_minor",
]


def value_contracts(contracts: pl.DataFrame, lines: pl.DataFrame, *, as_of: dt.date, rates: pl.DataFrame) -> Valuation:
    """Value each contract on as_of, and on the day of its own term nearest to it.

    Args:
        contracts: ``contracts`` with ``is_effective`` and ``discount_pct_e6``, without the MRR columns; where they are
            there, ``term_is_whole`` (false: ``term_months`` approximates the dates) and ``has_faulty_lines`` (lines
            of it are in quarantine) are heeded.
        lines: ``contract_lines``.
        as_of: the day of the close.
        rates: what :func:`recon_kit.fx.common_rates` returns.

    Returns:
        The contracts with ``is_comparable`` (the MRR can be computed), ``mrr_minor`` (0 unless effective),
        ``term_mrr_minor`` and their reporting twins, each rounded half-up once from the exact value.
    """
    dated = contracts.with_columns(_reader_flags(contracts), day=_nearest_day(as_of))
    monthly = monthly_lines(lines, dated)
    stated = _stated(dated, line_totals(monthly))
    rows = _in_minor_units(with_common_rate(_after_discount(stated), rates))
    won = rows.filter("is_won")
    unknown = won.filter(~pl.col("is_comparable"), ~pl.col("has_faulty_lines"))
    doubts = [
        not_testable_rows(
            unknown, subject="opportunity", key="opportunity_id", reason=pl.col("fault"), exposed=pl.col("amount_minor")
        ),
        without_rate(won, subject="opportunity", key="opportunity_id", amount="term_mrr_minor"),
    ]
    return Valuation(
        rows=rows.select(*contracts.columns, *MRR_COLUMNS),
        worksheet=contract_worksheet(rows.with_columns(reason=_why_not(as_of))),
        worksheet_parts=contract_parts(monthly),
        not_testable=pl.concat(doubts),
    )


def _reader_flags(contracts: pl.DataFrame) -> list[pl.Expr]:
    usual = {"term_is_whole": True, "has_faulty_lines": False}
    return [
        (pl.col(name) if name in contracts.columns else pl.lit(None)).fill_null(value=value).alias(name)
        for name, value in usual.items()
    ]


def _nearest_day(as_of: dt.date) -> pl.Expr:
    not_after_end = pl.min_horizontal(pl.lit(as_of), "end_on")
    return pl.max_horizontal(not_after_end, "start_on")


def _stated(dated: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame:
    """Take the monthly amount as stated, before a conditional discount's end: ``stated_e15``."""
    joined = dated.join(totals, on="opportunity_id", how="left", validate="1:1")
    by_lines = pl.col("parts").is_not_null()
    return joined.with_columns(
        by_lines=by_lines,
        parts=pl.col("parts").fill_null(0),
        raw_minor=pl.when(by_lines).then("line_raw_minor").otherwise("amount_minor"),
        stated_e15=pl.when(~pl.col("has_faulty_lines")).then(pl.when(by_lines).then("line_e15").otherwise(_by_basis())),
    )


def _by_basis() -> pl.Expr:
    amount = money.to_e15(pl.col("amount_minor"))
    numerator, denominator = calendar.term_length(pl.col("start_on"), calendar.add_days(pl.col("end_on"), 1))
    by_term = pl.when((pl.col("term_months") > 0) & pl.col("term_is_whole")).then(
        money.mul_div(amount, 1, pl.col("term_months"))
    )
    by_dates = pl.when((pl.col("term_months").is_null() | ~pl.col("term_is_whole")) & (numerator > 0)).then(
        money.mul_div(amount, denominator, numerator)
    )
    return (
        pl.when(pl.col("amount_basis") == "monthly")
        .then(amount)
        .when(pl.col("amount_basis") == "annual")
        .then(money.mul_div(amount, 1, _MONTHS_A_YEAR))
        .when(pl.col("amount_basis") == "total")
        .then(pl.coalesce(by_term, by_dates))
    )


def _after_discount(stated: pl.DataFrame) -> pl.DataFrame:
    """From the day after a conditional discount's end the contract carries what it was before the discount."""
    has_ended = (pl.col("day") > pl.col("discount_end_on")).fill_null(value=False)
    undiscounted = mrr.before_percent(pl.col("stated_e15"), pl.col("discount_pct_e6"))
    valued = stated.with_columns(term_e15=pl.when(has_ended).then(undiscounted).otherwise("stated_e15"))
    return valued.with_columns(is_comparable=pl.col("term_e15").is_not_null(), fault=_fault())


def _fault() -> pl.Expr:
    return (
        pl.when(pl.col("term_e15").is_not_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("stated_e15").is_not_null())
        .then(pl.lit("A 100 % discount has ended, and the data does not say what the price is without it."))
        .when("has_faulty_lines")
        .then(pl.lit("Some of its line items are in quarantine."))
        .when("by_lines")
        .then(pl.lit("A recurring line has no total price, or no period that lasts at least a day."))
        .when(pl.col("amount_minor").is_null())
        .then(pl.lit("The opportunity has no amount."))
        .when(pl.col("amount_basis") == "total")
        .then(pl.lit("The amount is a total, but neither a term nor an end date says over how many months."))
        .otherwise(pl.format("The amount basis {} is not monthly, annual or total.", "amount_basis"))
    )


def _in_minor_units(valued: pl.DataFrame) -> pl.DataFrame:
    own, reporting = money.round_half_up(pl.col("term_e15")), in_reporting_currency(pl.col("term_e15"))
    return valued.with_columns(
        mrr_minor=_if_effective(own),
        mrr_reporting_minor=_if_effective(reporting),
        term_mrr_minor=own,
        term_mrr_reporting_minor=reporting,
    )


def _if_effective(amount: pl.Expr) -> pl.Expr:
    """Give the amount of an effective contract, 0 otherwise, null where it cannot be told."""
    return pl.when("is_comparable").then(pl.when("is_effective").then(amount).otherwise(0))


def _why_not(as_of: dt.date) -> pl.Expr:
    return (
        pl.when(~pl.col("is_comparable"))
        .then("fault")
        .when("is_effective")
        .then(pl.lit(None, dtype=pl.String))
        .when(~pl.col("is_won"))
        .then(pl.lit("not won"))
        .when(pl.col("start_on") > as_of)
        .then(pl.lit("not started yet"))
        .when(pl.col("end_on") < as_of)
        .then(pl.lit("ended"))
        .when(pl.col("taken_over_on") <= as_of)
        .then(pl.format("taken over by {}", "taken_over_by"))
        .otherwise(pl.lit("account churned"))
    )
