"""Failed extracts: parts of a pull that did not come, and a close that stopped because of it."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit import phrases

FAILED_EXTRACT = "failed_extract"
_PART = (
    "{source}: {object} {shard} could not be pulled after {attempts} tries ({error}){exposed}. Nothing that rests on "
    "it is counted as matched: run the close again, only what is missing is pulled."
)
_STOPPED = (
    "The close of {day} stopped while it read its inputs: {error} No figure of that day exists until it is run again."
)
_RUN_AGAIN = "Operations: see that the system answers and that its key is valid, then run the close again."
_DO_WHAT_IT_SAYS = "Operations: do what the message says, then run the close again."


def failed_extract_alerts(dead_letters: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Raise an alert for each part of a pull that failed for good.

    Args:
        dead_letters: rows of ``dead_letter``.
        as_of: the day of the close. A part that fails again for another day is news; a further try for the same is not.

    Returns:
        One row per part: the columns of ``alerts`` that it has. ``amount_minor`` is the money the part held when it was
        last pulled, where that is of one currency.
    """
    held = pl.col("exposed_minor").is_not_null()
    amounts = phrases.amount(pl.col("exposed_minor"), pl.col("currency")).filter(held)
    is_one = held.sum() == 1
    named = dead_letters.sort("source", "object", "shard", "currency")
    parts = named.group_by("source", "object", "shard", maintain_order=True).agg(
        pl.col("attempts").max(),
        pl.col("error").min(),
        exposed=amounts.str.join(", "),
        amount_minor=pl.when(is_one).then(pl.col("exposed_minor").filter(held).first()),
        currency=pl.when(is_one).then(pl.col("currency").filter(held).first()),
    )
    system = pl.col("source").str.to_titlecase()
    words = parts.select(
        "amount_minor",
        "currency",
        alert_id=pl.format("failed_extract:{}/{} {}", "source", "object", "shard"),
        source_text=system,
        object_text="object",
        shard_text="shard",
        attempts_text=pl.col("attempts").cast(pl.String),
        error_text=phrases.one_line(pl.col("error")),
        exposed_text=pl.when(pl.col("exposed") != "")
        .then(pl.format("; it held {} before", "exposed"))
        .otherwise(pl.lit("")),
    )
    return _finished(words.with_columns(sentence=phrases.filled(_PART)), as_of, _RUN_AGAIN)


def stopped_alert(error: str, as_of: dt.date) -> pl.DataFrame:
    """Raise the alert of a close that stopped while it read its inputs.

    Args:
        error: what went wrong, in words.
        as_of: the day of the close.

    Returns:
        One row: the columns of ``alerts`` that it has.
    """
    said = error.strip().removesuffix(".") + "."
    words = pl.DataFrame(
        {"alert_id": ["failed_extract:close"], "error_text": [said], "day_text": [f"{as_of:%-d %B %Y}"]}
    ).with_columns(phrases.one_line(pl.col("error_text")))
    return _finished(words.with_columns(sentence=phrases.filled(_STOPPED)), as_of, _DO_WHAT_IT_SAYS)


def _finished(words: pl.DataFrame, as_of: dt.date, next_step: str) -> pl.DataFrame:
    return words.with_columns(
        kind=pl.lit(FAILED_EXTRACT),
        cause=pl.lit(FAILED_EXTRACT),
        next_step=pl.lit(next_step),
        content=pl.lit(as_of.isoformat()),
    )
