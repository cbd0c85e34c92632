"""Resolution: how long gaps stand open, and which of last week's still do."""

from __future__ import annotations

import polars as pl

from recon_kit.close.trend.closes import OPEN, PENDING, WAITING
from recon_kit.close.trend.review import Review

_GONE = "gone"
_ALERT = {"kind": pl.String(), "sentence": pl.String(), "alert_id": pl.String()}
_UNRESOLVED = (OPEN, PENDING, WAITING)


def episodes(review: Review) -> pl.DataFrame:
    """Follow every gap from the first close in which it stood open to the first in which it was resolved.

    A gap is resolved in a close where it is gone, decided or dismissed; while it only waits, for its age or for a link,
    it is not. One that comes back begins another episode.

    Returns:
        One row per (gap_id, opened_on), sorted: ``family``, ``cause`` (as last seen), ``resolved_on`` (null: it still
        stands, so its time is a lower bound), ``outcome`` (``gone``, a decision, ``dismissed``; null: none yet),
        ``days`` (to ``resolved_on``, else to the newest close), ``is_from_first``: it stood open in the first close
        already, so its true time is longer.
    """
    seen = _seen(review)
    alive = seen.filter(pl.col("standing").is_in(_UNRESOLVED)).sort("gap_id", "number")
    begins = (pl.col("number") - pl.col("number").shift().over("gap_id")).fill_null(0) != 1
    stood = alive.with_columns(episode=begins.cum_sum()).group_by("episode", "gap_id").agg(
        pl.col("family", "cause").last(),
        opened_on=pl.col("as_of").filter(pl.col("standing") == OPEN).min(),
        number=pl.col("number").max() + 1,
    )  # fmt: skip
    days = pl.DataFrame(
        {"number": range(len(review.closes)), "resolved_on": [close.as_of for close in review.closes]},
        schema={"number": pl.Int64, "resolved_on": pl.Date},
    )
    ended = seen.select("gap_id", "number", outcome="standing")
    told = (
        stood.filter(pl.col("opened_on").is_not_null())
        .join(days, on="number", how="left", validate="m:1")
        .join(ended, on=["gap_id", "number"], how="left", validate="1:1")
    )
    until = pl.col("resolved_on").fill_null(review.newest.as_of)
    return told.select(
        "gap_id",
        "opened_on",
        "family",
        "cause",
        "resolved_on",
        outcome=pl.when(pl.col("resolved_on").is_not_null()).then(pl.col("outcome").fill_null(_GONE)),
        days=(until - pl.col("opened_on")).dt.total_days(),
        is_from_first=pl.col("opened_on") == review.closes[0].as_of,
    ).sort("gap_id", "opened_on")


def _seen(review: Review) -> pl.DataFrame:
    numbers = {close.as_of: number for number, close in enumerate(review.closes)}
    rows = review.by_close(lambda close: close.gaps.select("gap_id", "family", "cause", "standing"))
    return rows.with_columns(number=pl.col("as_of").replace_strict(numbers, return_dtype=pl.Int64))


def time_to_resolve(found: pl.DataFrame) -> pl.DataFrame:
    """Sum up how long gaps stood open, by family and over all.

    Args:
        found: rows of :func:`episodes`.

    Returns:
        One row per family, sorted, and a last one for all (``all``): ``resolved``, ``mean_days`` and ``median_days`` of
        those resolved (with one decimal; null: none is), ``still_open`` and ``open_mean_days`` of those that are not.

    Conserves:
        resolved + still_open == episodes.
    """
    is_over = pl.col("resolved_on").is_not_null()
    summed = [
        pl.len().cast(pl.Int64).alias("episodes"),
        is_over.sum().cast(pl.Int64).alias("resolved"),
        _tenths(pl.col("days").filter(is_over).mean()).alias("mean_days"),
        _tenths(pl.col("days").filter(is_over).median()).alias("median_days"),
        (~is_over).sum().cast(pl.Int64).alias("still_open"),
        _tenths(pl.col("days").filter(~is_over).mean()).alias("open_mean_days"),
    ]
    by_family = found.group_by("family").agg(summed).sort("family")
    return pl.concat([by_family, found.select(pl.lit("all").alias("family"), *summed)]).drop("episodes")


def _tenths(days: pl.Expr) -> pl.Expr:
    return days.round(1, mode="half_away_from_zero").cast(pl.Decimal(12, 1))


def still_open(review: Review) -> pl.DataFrame:
    """List the open gaps that were open last week already, largest money at stake first.

    Returns:
        One row per gap: its row of ``gaps`` in the newest close, with ``open_since`` (first close of this episode),
        ``impact_before_minor`` (last week; null in another currency) and ``alerted`` (whether last week's close alerted
        of it; null: that close holds no alerts). Empty on a first close.
    """
    now = _open_now(review)
    if review.before is None:
        return now.clear()
    was = pl.col("currency") == pl.col("currency:before")
    earlier = review.before.gaps.filter(pl.col("standing") == OPEN).select(
        "gap_id", "currency", impact_before="impact_minor"
    )
    both = now.drop("impact_before_minor", "alerted").join(
        earlier, on="gap_id", how="inner", suffix=":before", validate="1:1", maintain_order="left"
    )
    told = review.before.alerts
    alerted = pl.lit(None, dtype=pl.Boolean) if told is None else pl.col("gap_id").is_in(told["gap_id"].implode())
    return both.with_columns(impact_before_minor=pl.when(was).then("impact_before"), alerted=alerted).select(
        now.columns
    )


def opened_since(review: Review) -> pl.DataFrame:
    """List the open gaps that were not open last week, largest money first.

    Returns:
        One row per gap: its row of ``gaps`` in the newest close, with ``open_since``.
    """
    now = _open_now(review).drop("impact_before_minor", "alerted")
    return now.join(still_open(review).select("gap_id"), on="gap_id", how="anti", maintain_order="left")


def _open_now(review: Review) -> pl.DataFrame:
    newest = review.newest
    ids = newest.gaps.filter(pl.col("standing") == OPEN).select("gap_id")
    since = episodes(review).filter(pl.col("resolved_on").is_null()).select("gap_id", open_since="opened_on")
    rows = review.folder_of(newest).read_table("gaps").collect()
    return (
        rows.join(ids, on="gap_id", how="semi", maintain_order="left")
        .join(since, on="gap_id", how="left", validate="1:1", maintain_order="left")
        .with_columns(
            impact_before_minor=pl.lit(None, dtype=pl.Int64),
            alerted=pl.lit(None, dtype=pl.Boolean),
        )
    )


def alerts_again(review: Review) -> pl.DataFrame:
    """List last week's alerts of other things than gaps (aggregates, extractions, payments) that stand again now.

    Returns:
        One row per alert, sorted by kind and id: ``kind``, ``sentence`` (as it stands now), ``alert_id``. Empty where
        one of the two closes holds no alerts.
    """
    was, now = review.before.alerts if review.before else None, review.newest.alerts
    if was is None or now is None:
        return pl.DataFrame(schema=_ALERT)
    again = now.filter(pl.col("gap_id").is_null()).join(was, on="alert_id", how="semi")
    return again.select(list(_ALERT)).sort("kind", "alert_id")
