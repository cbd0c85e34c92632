"""Cut-offs: from which probability links may stand without review, and below which nothing is proposed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

MOST_LOST = 0.05
"""Share of the true links among the candidates that the floor of the review queue may cut off."""

EVEN = 0.5
"""A pair as likely as not is always shown to a person, and a less likely one never stands without."""

_DECIMALS = 4
_SHOWN = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)


@dataclass(frozen=True)
class Cutoffs:
    """What the labels say about the policy's cut-offs.

    Attributes:
        auto_link: the lowest probability from which links are precise enough; none when no labels show that.
        review_floor: the highest floor, up to 0.5, that keeps 95 % of the true links among the candidates in sight.
        table: one row per cut-off, falling: ``from_probability``, ``links``, ``right``, ``precision``, ``recall``,
            ``is_chosen``.
    """

    auto_link: float | None
    review_floor: float
    table: pl.DataFrame


def choose_cutoffs(outcomes: pl.DataFrame, *, precision: float, margin: float) -> Cutoffs:
    """Choose the cut-offs of a policy by customers whose truth is known.

    A cut-off is precise enough when it would be so with one wrong link more than was seen: with few labels a clean
    record proves little (0.99 takes 99 right links in a row).

    Args:
        outcomes: what :func:`recon_kit.resolve.evaluation.outcomes` returns; customers linked by id or decision do not
            count.
        precision: wanted of the links of status linked, such as 0.99.
        margin: lead over the runner-up that a link needs (``runner_up_margin`` of the policy).
    """
    open_customers = outcomes.filter(~pl.col("is_certain"))
    true_links = int(open_customers["is_true"].sum())
    steps = _steps(open_customers.filter(pl.col("is_modelled"), pl.col("lead") >= margin), true_links)
    enough = steps.filter(pl.col("right") / (pl.col("links") + 1) >= precision, pl.col("from_probability") >= EVEN)
    auto_link = None if enough.is_empty() else float(enough["from_probability"][-1])
    floor = min(_review_floor(open_customers), auto_link if auto_link is not None else 1.0)
    return Cutoffs(auto_link, floor, _shown(steps, auto_link))


def _steps(linkable: pl.DataFrame, true_links: int) -> pl.DataFrame:
    """Return one row per probability that occurs, falling, with the links from there on up."""
    down = (pl.col("best_probability") * 10**_DECIMALS).round(6).floor() / 10**_DECIMALS
    by_step = (
        linkable.group_by(from_probability=down.round(_DECIMALS))
        .agg(links=pl.len().cast(pl.Int64), right=pl.col("best_is_right").sum().cast(pl.Int64))
        .sort("from_probability", descending=True)
    )
    summed = by_step.with_columns(pl.col("links", "right").cum_sum())
    recall = pl.col("right") / true_links if true_links else pl.lit(None, dtype=pl.Float64)
    return summed.with_columns(precision=pl.col("right") / pl.col("links"), recall=recall)


def _review_floor(open_customers: pl.DataFrame) -> float:
    reachable = open_customers.filter(pl.col("is_true"), pl.col("is_blocked"))["best_probability"].sort()
    if reachable.is_empty():
        return 0.0
    first_kept = float(reachable[int(reachable.len() * MOST_LOST)])
    steps = float(10**_DECIMALS)
    return min(int(round(first_kept * steps, 6)) / steps, EVEN)


def _shown(steps: pl.DataFrame, chosen: float | None) -> pl.DataFrame:
    known = [chosen] if chosen is not None else []
    wanted = pl.DataFrame({"cut": sorted({*_SHOWN, *known}, reverse=True)})
    last = wanted.join_where(steps, pl.col("from_probability") >= pl.col("cut")).sort("from_probability")
    by_cut = last.group_by("cut", maintain_order=True).first().drop("from_probability")
    return (
        wanted.join(by_cut, on="cut", how="left", validate="1:1", maintain_order="left")
        .with_columns(pl.col("links", "right").fill_null(0), is_chosen=pl.col("cut").is_in(known))
        .rename({"cut": "from_probability"})
    )
