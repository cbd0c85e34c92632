"""Measures by close: drift by family and cause, the match rate, and open gaps by age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from recon_kit.close.trend.closes import OPEN, PENDING, ReadClose
from recon_kit.close.trend.review import WEEK, Review

LOOKED_AT = 13
"""Weeks that a chart shows at most: a quarter of a year."""
FALLS = 3
"""Runs in a row, each with a lower match rate than the one before, that are flagged."""
AGES = ((0, "up to a week"), (8, "8–30 days"), (31, "31–90 days"), (91, "91 days and older"))
"""Bands of age: their first day, and their words."""


def weekly(review: Review, weeks: int = LOOKED_AT) -> list[dt.date]:
    """Choose the closes a chart shows: the newest of each week, weeks counted back from the newest close."""
    newest = review.newest.as_of
    by_week: dict[int, dt.date] = {}
    for close in review.closes:
        by_week[(newest - close.as_of) // WEEK] = close.as_of
    return sorted(by_week.values())[-weeks:]


def drift(review: Review) -> pl.DataFrame:
    """Sum the monthly differences of open gaps without netting, by close, family and cause.

    Returns:
        One row per (as_of, family, cause, currency), sorted: ``gaps``, ``drift_minor`` (sum of absolute differences, a
        month), ``impact_minor`` (at stake so far). Gaps of links in review stand under the family ``pending``.

    Conserves:
        sum(gaps) per close == open gaps of its history.
    """
    return review.by_close(_drift_of).sort("as_of", "family", "cause", "currency")


def _drift_of(close: ReadClose) -> pl.DataFrame:
    family = pl.when(pl.col("standing") == PENDING).then(pl.lit(PENDING)).otherwise("family")
    return (
        close.gaps.filter(pl.col("standing").is_in([OPEN, PENDING]))
        .group_by(family.alias("family"), "cause", "currency")
        .agg(
            gaps=pl.len().cast(pl.Int64),
            drift_minor=pl.col("drift_minor").sum(),
            impact_minor=pl.col("impact_minor").sum(),
        )
    )


def drift_now_and_before(review: Review) -> pl.DataFrame:
    """Set the drift of now beside that of last week.

    Returns:
        One row per (family, cause, currency), largest drift now first: ``gaps``, ``drift_minor``, ``gaps_before``,
        ``drift_before_minor``, ``change_minor``; before is 0 on a first close.
    """
    by_close, key = drift(review), ["family", "cause", "currency"]
    of_now, of_before = (
        shown_in(by_close, [close.as_of] if close else []).select(*key, "gaps", "drift_minor")
        for close in (review.newest, review.before)
    )
    earlier = of_before.rename({"gaps": "gaps_before", "drift_minor": "drift_before_minor"})
    both = of_now.join(earlier, on=key, how="full", coalesce=True, validate="1:1").with_columns(
        pl.col("gaps", "drift_minor", "gaps_before", "drift_before_minor").fill_null(0)
    )
    change = pl.col("drift_minor") - pl.col("drift_before_minor")
    return both.with_columns(change_minor=change).sort(
        ["drift_minor", "drift_before_minor", *key], descending=[True, True, False, False, False]
    )


def match_rate(review: Review) -> pl.DataFrame:
    """Measure how many customers, and how much Stripe MRR, are linked to an account, by close.

    Returns:
        One row per close, oldest first: ``as_of``, ``customers``, ``linked``, ``customers_pct`` (null without
        customers), ``mrr_minor``, ``linked_mrr_minor`` (reporting currency of that close), ``mrr_pct`` (null without
        MRR), ``currency``, ``customers_falls`` and ``mrr_falls``: for how many runs in a row, up to this one, the rate
        was below that of the run before. Compared exactly, not as rounded per cents.
    """
    rates = review.by_close(_rate_of).sort("as_of")
    return rates.with_columns(
        customers_pct=_pct("linked", "customers"),
        mrr_pct=_pct("linked_mrr_minor", "mrr_minor"),
        customers_falls=_falls("linked", "customers"),
        mrr_falls=_falls("linked_mrr_minor", "mrr_minor"),
    )


def _rate_of(close: ReadClose) -> pl.DataFrame:
    is_linked = pl.col("status") == "linked"
    return close.links.select(
        customers=pl.col("customers").sum(),
        linked=pl.col("customers").filter(is_linked).sum(),
        mrr_minor=pl.col("mrr_minor").sum(),
        linked_mrr_minor=pl.col("mrr_minor").filter(is_linked).sum(),
        currency=pl.lit(close.currency),
    )


def _pct(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(100 * pl.col(part) / pl.col(whole))


def _falls(part: str, whole: str) -> pl.Expr:
    """Count falls in a row: a run that does not fall, or has nothing to compare with, starts the count anew."""
    now, total = pl.col(part).cast(pl.Int128), pl.col(whole).cast(pl.Int128)
    fell = ((total > 0) & (total.shift() > 0) & (now * total.shift() < now.shift() * total)).fill_null(value=False)
    return fell.cast(pl.Int64).cum_sum().over((~fell).cum_sum())


def is_declining(rates: pl.DataFrame) -> bool:
    """Tell whether the match rate of the newest run fell for the third run in a row, by customers or by MRR."""
    newest = rates.row(-1, named=True)
    return bool(max(newest["customers_falls"], newest["mrr_falls"]) >= FALLS)


def open_by_age(review: Review) -> pl.DataFrame:
    """Count open gaps by the days since the two systems parted, by close.

    Returns:
        One row per (as_of, band, currency), oldest close and youngest band first: ``band_no``, ``band``, ``gaps``,
        ``impact_minor``. Gaps of links in review are left out.

    Conserves:
        sum(gaps) per close == its open gaps.
    """
    starts, words = [start for start, _ in AGES], [band for _, band in AGES]
    number = pl.sum_horizontal(*[(pl.col("age_days") >= start).cast(pl.Int64) for start in starts[1:]])

    def of(close: ReadClose) -> pl.DataFrame:
        return (
            close.gaps.filter(pl.col("standing") == OPEN)
            .group_by(number.alias("band_no"), "currency")
            .agg(gaps=pl.len().cast(pl.Int64), impact_minor=pl.col("impact_minor").sum())
        )

    band = pl.col("band_no").replace_strict(range(len(words)), words, return_dtype=pl.String)
    return review.by_close(of).with_columns(band=band).sort("as_of", "band_no", "currency")


def ages_by_close(review: Review) -> pl.DataFrame:
    """Set the bands of age side by side, a row for each close.

    Returns:
        One row per close, newest first: ``as_of``, a column of open gaps for each band of :data:`AGES`, ``gaps`` in
        all, ``oldest_days`` (null: none is open).
    """
    bands = [band for _, band in AGES]
    of_band = [pl.col("gaps").filter(pl.col("band") == band).sum().alias(band) for band in bands]
    counted = open_by_age(review).group_by("as_of").agg(*of_band, pl.col("gaps").sum())
    oldest = review.by_close(
        lambda close: close.gaps.filter(pl.col("standing") == OPEN).select(oldest_days=pl.col("age_days").max())
    )
    return (
        oldest.join(counted, on="as_of", how="left", validate="1:1")
        .with_columns(pl.col(*bands, "gaps").fill_null(0))
        .select("as_of", *bands, "gaps", "oldest_days")
        .sort("as_of", descending=True)
    )


def shown_in(rows: pl.DataFrame, days: Sequence[dt.date]) -> pl.DataFrame:
    """Keep the rows of the closes that a chart shows."""
    return rows.filter(pl.col("as_of").is_in(list(days)))
