"""Roll-forward: how the open gaps of one close became those of another, in rows and in money; it must tie."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from recon_kit.close.trend.closes import OPEN, PENDING, WAITING, ReadClose
from recon_kit.close.trend.review import Review

LINES = (
    ("opening", "Open before"),
    ("new", "New"),
    ("grown_up", "Old enough now to be called a gap"),
    ("link_decided", "No longer waits for a link"),
    ("reopened", "Re-opened: a decision or rule no longer holds"),
    ("gone", "Resolved: both systems agree again"),
    ("decided", "Resolved: decided by a person"),
    ("dismissed", "Dismissed by rule"),
    ("waits", "Waits again"),
    ("link_asked", "Waits for a link now"),
    ("currency", "Told in another currency now"),
    ("changed", "Changed amount or cause"),
    ("older", "Unchanged, at stake for longer"),
    ("closing", "Open now"),
)
"""Every line of a roll-forward, in order: its name and its words."""
MONEY = ("impact_minor", "drift_minor")
PARTS = {
    "opening": ("opening",),
    "came": ("new", "grown_up", "link_decided", "reopened"),
    "resolved": ("gone", "decided", "dismissed"),
    "moved": ("waits", "link_asked", "currency"),
    "grown": ("changed", "older"),
    "closing": ("closing",),
}
"""The lines of a roll-forward by what they have in common: opening + came + resolved + moved + grown = closing."""
_CAME = {WAITING: "grown_up", PENDING: "link_decided"}
_WENT = {WAITING: "waits", PENDING: "link_asked", "dismissed": "dismissed"}
_SCHEMA = {"line": pl.String(), "currency": pl.String(), "gaps": pl.Int64(), **dict.fromkeys(MONEY, pl.Int64())}


def roll_forward(before: ReadClose, now: ReadClose) -> pl.DataFrame:
    """Tell how the open gaps of one close became those of a later one.

    Gaps are told apart by ``gap_id``. A gap of a link in review is not open here; it comes and goes on lines of its
    own.

    Args:
        before: the earlier close.
        now: the later one.

    Returns:
        One row per (currency, line) that is not empty, and always the first and the last of a currency, in their order:
        ``line_no``, ``line``, ``label``, ``gaps``, ``impact_minor`` (at stake so far) and ``drift_minor`` (sizes of the
        monthly differences), those of lines that lead away negative, ``currency``.

    Conserves:
        per currency, opening + every line between == closing, in gaps and in both amounts.
    """
    ends = [_end("opening", before), _end("closing", now)]
    summed = pl.concat([*ends, _movements(before.gaps, now.gaps)]).group_by("line", "currency").agg(
        pl.col("gaps", *MONEY).sum()
    )  # fmt: skip
    codes = summed["currency"].unique().sort()
    always = pl.DataFrame({"currency": codes}).join(pl.DataFrame({"line": ["opening", "closing"]}), how="cross")
    told = always.join(summed, on=["line", "currency"], how="full", coalesce=True, validate="1:1")
    names, words = [name for name, _ in LINES], [label for _, label in LINES]
    return told.select(
        line_no=pl.col("line").replace_strict(names, list(range(len(names))), return_dtype=pl.Int64),
        line="line",
        label=pl.col("line").replace_strict(names, words, return_dtype=pl.String),
        gaps=pl.col("gaps").fill_null(0),
        impact_minor=pl.col("impact_minor").fill_null(0),
        drift_minor=pl.col("drift_minor").fill_null(0),
        currency="currency",
    ).sort("currency", "line_no")


def _end(line: str, close: ReadClose) -> pl.DataFrame:
    return _rows(close.gaps.filter(pl.col("standing") == OPEN), pl.lit(line))


def _rows(gaps: pl.DataFrame, line: pl.Expr, *, sign: int = 1, suffix: str = "") -> pl.DataFrame:
    return gaps.select(
        line=line,
        currency=pl.col(f"currency{suffix}"),
        gaps=pl.lit(sign, dtype=pl.Int64),
        **{name: sign * pl.col(f"{name}{suffix}") for name in MONEY},
    ).cast(_SCHEMA)  # type: ignore[arg-type]


def _movements(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    kept = ("standing", "cause", "difference_minor", "currency", *MONEY)
    both = now.select("gap_id", *kept).join(
        before.select("gap_id", *[pl.col(name).alias(f"{name}:before") for name in kept]),
        on="gap_id",
        how="full",
        coalesce=True,
        validate="1:1",
    )
    was, is_now = pl.col("standing:before").eq_missing(OPEN), pl.col("standing").eq_missing(OPEN)
    moved = pl.col("currency").ne_missing(pl.col("currency:before"))
    came, went, stayed = both.filter(is_now & ~was), both.filter(was & ~is_now), both.filter(was & is_now)
    elsewhere = stayed.filter(moved)
    return pl.concat(
        [
            _rows(came, _kind("standing:before", _CAME, absent="new", otherwise="reopened")),
            _rows(went, _kind("standing", _WENT, absent="gone", otherwise="decided"), sign=-1, suffix=":before"),
            _rows(elsewhere, pl.lit("currency")),
            _rows(elsewhere, pl.lit("currency"), sign=-1, suffix=":before"),
            _grown(stayed.filter(~moved)),
        ]
    )


def _kind(standing: str, known: dict[str, str], *, absent: str, otherwise: str) -> pl.Expr:
    told = pl.col(standing).replace_strict(known, default=otherwise, return_dtype=pl.String)
    return pl.when(pl.col(standing).is_null()).then(pl.lit(absent)).otherwise(told)


def _grown(stayed: pl.DataFrame) -> pl.DataFrame:
    """Tell what became of gaps that were and are open: their money may differ, their number does not."""
    is_same = pl.all_horizontal(pl.col(name) == pl.col(f"{name}:before") for name in ("cause", "difference_minor"))
    return stayed.select(
        line=pl.when(is_same).then(pl.lit("older")).otherwise(pl.lit("changed")),
        currency="currency",
        gaps=pl.lit(0, dtype=pl.Int64),
        **{name: pl.col(name) - pl.col(f"{name}:before") for name in MONEY},
    )


def roll_forwards(review: Review) -> pl.DataFrame:
    """Roll every close forward to the next.

    Returns:
        One row per (from_on, to_on, currency, line), the newest pair first: as :func:`roll_forward`.
    """
    parts = [_dated(before, now) for before, now in pairwise(review.closes)]
    empty = _dated(review.newest, review.newest).clear()
    return pl.concat([empty, *reversed(parts)])


def roll_forwards_in_brief(review: Review) -> pl.DataFrame:
    """Roll every close forward to the next, in one row.

    Returns:
        One row per (from_on, to_on, currency), the newest pair first: per part of :data:`PARTS` a count of gaps under
        its name and money at stake under its name with ``_minor``; what leads away is negative.

    Conserves:
        opening + came + resolved + moved + grown == closing, in gaps and in money.
    """
    lines = roll_forwards(review)
    parts = [
        pl.col(amount).filter(pl.col("line").is_in(list(members))).sum().alias(f"{name}{suffix}")
        for amount, suffix in (("gaps", ""), ("impact_minor", "_minor"))
        for name, members in PARTS.items()
    ]
    order = ["from_on", "to_on", "currency"]
    return lines.group_by(order).agg(parts).sort(order, descending=[True, True, False])


def _dated(before: ReadClose, now: ReadClose) -> pl.DataFrame:
    ends = pl.lit(before.as_of).alias("from_on"), pl.lit(now.as_of).alias("to_on")
    return roll_forward(before, now).select(*ends, pl.all())


def roll_forward_since(review: Review) -> pl.DataFrame:
    """Roll the close of last week forward to the newest, as :func:`roll_forward`; empty on a first close."""
    before = review.before
    return roll_forward(before, review.newest) if before else roll_forward(review.newest, review.newest).clear()
