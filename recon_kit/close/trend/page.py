"""What the weekly page says: its figures, its charts, and a sentence on each question."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from recon_kit import tables
from recon_kit.close.trend.closes import OPEN, PENDING, ReadClose
from recon_kit.close.trend.measures import is_declining, match_rate
from recon_kit.close.trend.resolution import episodes, opened_since, still_open, time_to_resolve
from recon_kit.close.trend.review import Review
from recon_kit.tables import KeyFigure, Panel

_HUNDRED = 100


def key_figures(review: Review) -> Panel:
    """Show open gaps, their money, drift and match rate of now, each beside last week's."""
    now, before = review.newest, review.before
    rate = match_rate(review).row(-1, named=True)
    return tables.figures(
        [
            KeyFigure("Open gaps", _number(now), _was(before, _number)),
            KeyFigure("At stake so far", _at_stake(now), _was(before, _at_stake)),
            KeyFigure("Drift a month", _drift(now), _was(before, _drift)),
            KeyFigure("Customers linked", _pct(rate["customers_pct"]), f"{rate['linked']:,} of {rate['customers']:,}"),
            KeyFigure("Waits for a link", f"{_pending(now):,}", "counted in none of the figures before"),
        ]
    )


def _open(close: ReadClose) -> pl.DataFrame:
    return close.gaps.filter(pl.col("standing") == OPEN)


def _pending(close: ReadClose) -> int:
    return close.gaps.filter(pl.col("standing") == PENDING).height


def _number(close: ReadClose) -> str:
    return f"{_open(close).height:,}"


def _at_stake(close: ReadClose) -> str:
    return _money(close, "impact_minor")


def _drift(close: ReadClose) -> str:
    return _money(close, "drift_minor")


def _money(close: ReadClose, amount: str) -> str:
    told = _open(close).filter(pl.col("currency") == close.currency)
    return tables.money(int(told[amount].sum()), close.currency)


def _was(before: ReadClose | None, told: Callable[[ReadClose], str]) -> str:
    return f"{told(before)} on {before.as_of}" if before else "no close before"


def _pct(rate: float | None) -> str:
    return "none" if rate is None else tables.per_cent(rate)


def scope_sentence(review: Review) -> Panel:
    """Say what these closes can and cannot tell: on a first close, and where closes were left out."""
    left = tables.count(review.left_out.height, "close was", "closes were")
    rest = "" if review.left_out.is_empty() else f" {left} left out; the last table says why."
    if review.later:
        later = tables.count(review.later, "close of a later day is", "closes of later days are")
        rest += f" {later} not looked at: set as_of to see more."
    if review.before is None:
        return tables.sentence(
            "This is the first close, of {day}: it says what is open and how much is linked. What is new, resolved or "
            "still open, how long a gap takes, and where the figures are heading takes a second one." + rest,
            day=review.newest.as_of,
        )
    days = (review.newest.as_of - review.before.as_of).days
    short = "" if days >= 7 else " No close is a week old yet, so the oldest stands for last week."  # noqa: PLR2004
    return tables.sentence(
        "{closes} from {first} to {last}. “Last week” is the close of {before}, {days} before." + short + rest,
        closes=tables.count(len(review.closes), "close"),
        first=review.closes[0].as_of,
        last=review.newest.as_of,
        before=review.before.as_of,
        days=tables.count(days, "day"),
    )


def drift_sentence(review: Review) -> Panel:
    """Say how far open gaps take the systems apart, as a part of total MRR, and which family moved most."""
    now, before = review.newest, review.before
    share = _share(now)
    said = "Open gaps take the two systems {drift} a month apart, {share} of total MRR"
    if before is None:
        return tables.sentence(said + ".", drift=_drift(now), share=share)
    return tables.sentence(
        said + "; on {day} it was {was}, {share_before}.",
        drift=_drift(now),
        share=share,
        day=before.as_of,
        was=_drift(before),
        share_before=_share(before),
    )


def _share(close: ReadClose) -> str:
    told = _open(close).filter(pl.col("currency") == close.currency)
    total = close.total_mrr_minor
    return _pct(_HUNDRED * int(told["drift_minor"].sum()) / total) if total > 0 else "with no MRR to compare"


def match_sentence(review: Review) -> Panel:
    """Say the match rate, and flag it when it fell three runs in a row."""
    rates = match_rate(review)
    newest = rates.row(-1, named=True)
    falls = max(newest["customers_falls"], newest["mrr_falls"])
    if is_declining(rates):
        trend = f". The match rate fell {falls} runs in a row: look on page 3 for what no longer links."
    elif rates.height == 1:
        trend = "; one close shows no direction."
    else:
        trend = (
            f"; the rate fell in the last {'run' if falls == 1 else f'{falls} runs'}."
            if falls
            else "; it did not fall."
        )
    return tables.sentence(
        "{customers} of customers and {mrr} of Stripe MRR are linked to an account" + trend,
        tone="bad" if is_declining(rates) else "plain",
        customers=_pct(newest["customers_pct"]),
        mrr=_pct(newest["mrr_pct"]),
    )


def resolution_sentence(review: Review) -> Panel:
    """Say how long a gap takes to be resolved, and what that figure leaves out."""
    found = episodes(review)
    summed = time_to_resolve(found).row(-1, named=True)
    if not summed["resolved"]:
        return tables.sentence("No gap that stood open in these closes is resolved yet, so there is no time to tell.")
    earlier = found.filter("is_from_first", pl.col("resolved_on").is_not_null()).height
    return tables.sentence(
        "{resolved} resolved, after {mean} days in the mean and {median} in the median. {still_open} not resolved yet "
        "and in neither figure; {earlier} of those resolved stood in the first close already. Both make the true time "
        "longer than these figures.",
        resolved=tables.count(summed["resolved"], "gap was", "gaps were"),
        mean=summed["mean_days"],
        median=summed["median_days"],
        still_open=tables.count(summed["still_open"], "is", "are"),
        earlier=earlier,
    )


def still_open_sentence(review: Review) -> Panel:
    """Say how many of last week's gaps are still open, how many were alerted, and how many opened since."""
    if review.before is None:
        return tables.sentence("A first close has no gaps of last week. All that are open stand in the next table.")
    rows = still_open(review)
    told = rows.filter(pl.col("currency") == review.currency)
    alerted = (
        ""
        if rows["alerted"].is_null().all()
        else f" {tables.count(int(rows['alerted'].sum()), 'was', 'were')} alerted then."
    )
    return tables.sentence(
        "{still} of the {before} open on {day} {are} open still, with {money} at stake; {new} opened since." + alerted,
        still=rows.height,
        before=tables.count(_open(review.before).height, "gap"),
        day=review.before.as_of,
        are="is" if rows.height == 1 else "are",
        money=tables.money(int(told["impact_minor"].sum()), review.currency),
        new=opened_since(review).height,
    )


def rests_on(review: Review) -> pl.DataFrame:
    """List the closes the review rests on.

    Returns:
        One row per close, newest first: ``as_of``, ``close`` (its folder), ``gaps`` open, ``waits_for_a_link``,
        ``vouched_for`` (its tables are those its manifest names), ``signed``.
    """
    rows = [
        (close.as_of, close.name, _open(close).height, _pending(close), close.is_vouched_for, close.is_signed)
        for close in reversed(review.closes)
    ]
    kinds = {
        "as_of": pl.Date(), "close": pl.String(), "gaps": pl.Int64(), "waits_for_a_link": pl.Int64(),
        "vouched_for": pl.Boolean(), "signed": pl.Boolean(),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=kinds, orient="row")
