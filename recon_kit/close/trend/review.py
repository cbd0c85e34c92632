"""Review: the closes that a look back rests on, oldest first, and those it had to leave out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from recon_kit.artifacts import CloseFolder
from recon_kit.close.trend.closes import ReadClose, UnreadableClose, find_closes, read_close
from recon_kit.params import SAMPLE_FOLDER, Params, read_params
from recon_kit.policy import SettingsError

WEEK = dt.timedelta(days=7)
SAMPLE_CLOSES = SAMPLE_FOLDER / "closes"
"""Closes of the sample company before the one that its params name; made by tests/history_sample.py."""
LEFT_OUT = {"close": pl.String(), "why": pl.String()}


@dataclass(frozen=True)
class Review:
    """A look back over closes.

    Attributes:
        closes: those that could be read, oldest first; never empty.
        folders: their folders, in the same order.
        left_out: one row per close that was left out: ``close``, ``why``.
        later: how many closes are of days after the last one looked at.
    """

    closes: tuple[ReadClose, ...]
    folders: tuple[CloseFolder, ...]
    left_out: pl.DataFrame
    later: int = 0

    @property
    def newest(self) -> ReadClose:
        """The close that the review is of."""
        return self.closes[-1]

    @property
    def currency(self) -> str:
        """The reporting currency of the newest close."""
        return self.newest.currency

    @property
    def before(self) -> ReadClose | None:
        """What "last week" is: the newest close a week or more before; else the oldest; none for a first close."""
        a_week_old = [close for close in self.closes if close.as_of <= self.newest.as_of - WEEK]
        return a_week_old[-1] if a_week_old else (self.closes[0] if len(self.closes) > 1 else None)

    @property
    def effective(self) -> dict[str, str]:
        """What the review rests on, for the head of a page; no path of the machine is among them."""
        first, last = self.closes[0], self.newest
        return {
            "as of": last.as_of.isoformat(),
            "reporting currency": self.currency,
            "closes": str(len(self.closes)),
            "first close": first.as_of.isoformat(),
            "compared with": self.before.as_of.isoformat() if self.before else "nothing: it is the first",
            "left out": str(self.left_out.height),
        }

    def folder_of(self, close: ReadClose) -> CloseFolder:
        """Return the folder of one of its closes."""
        return self.folders[self.closes.index(close)]

    def by_close(self, rows_of: Callable[[ReadClose], pl.DataFrame]) -> pl.DataFrame:
        """Stack what a function makes of each close, under its ``as_of``."""
        return pl.concat([rows_of(close).select(pl.lit(close.as_of).alias("as_of"), pl.all()) for close in self.closes])


def review_of(folders: Sequence[CloseFolder]) -> Review:
    """Read closes for a review.

    Args:
        folders: one close a day, oldest first, as :func:`find_closes` gives them.

    Returns:
        The review; purged and unreadable closes, and those whose name says another day, stand in ``left_out``.

    Raises:
        SettingsError: no close is left; the message names each with the reason.
    """
    read: dict[dt.date, tuple[ReadClose, CloseFolder]] = {}
    faults: list[tuple[str, str]] = []
    for folder in folders:
        try:
            close = read_close(folder)
        except UnreadableClose as fault:
            faults.append((folder.path.name, str(fault)))
            continue
        if close.as_of in read:
            faults.append((folder.path.name, f"its tables are of {close.as_of}, which another close is of"))
            continue
        read[close.as_of] = (close, folder)
    if not read:
        told = "".join(f"\n  - {name}: {why}" for name, why in faults)
        raise SettingsError(f"There is no close to look back on. Run `recon close` first.{told}")
    ordered = [read[day] for day in sorted(read)]
    left_out = pl.DataFrame(faults, schema=LEFT_OUT, orient="row")
    return Review(tuple(close for close, _ in ordered), tuple(folder for _, folder in ordered), left_out)


def open_review(
    *, params: str | None = None, as_of: str | dt.date | None = None, close_dir: str | None = None
) -> Review:
    """Open a review over the closes that the params name, or over those beside a close folder.

    Args:
        params: the params file; none: the embedded sample's, whose earlier closes come with the kit.
        as_of: the last day looked at; overrides the params.
        close_dir: the newest close to look at; those beside it are looked at up to its day.

    Raises:
        SettingsError: the params cannot be used, or there is no close to look back on.
    """
    settings = read_params(params, as_of=as_of)
    if close_dir is not None:
        return review_of(_up_to(CloseFolder(Path(close_dir).resolve())))
    every = find_closes(settings.resolve(settings.closes_dir), dt.date.max)
    own = [close for close in every if close.path.name[:10] <= settings.as_of.isoformat()]
    return replace(review_of(_with_sample(own, settings)), later=len(every) - len(own))


def _up_to(newest: CloseFolder) -> list[CloseFolder]:
    """List a close with those beside it that are older."""
    if not newest.has_table("history"):
        return [newest]
    day = newest.read_table("history").select("as_of").first().collect().item()
    return [*find_closes(newest.path.parent, day - dt.timedelta(days=1)), newest]


def _with_sample(own: list[CloseFolder], settings: Params) -> list[CloseFolder]:
    """Put the sample's earlier closes before those of its params; a day that has a close of its own keeps it."""
    if settings.source.stripe.kind != "sample" or settings.source.salesforce.kind != "sample":
        return own
    days = {close.path.name[:10] for close in own}
    earlier = find_closes(SAMPLE_CLOSES, settings.as_of)
    return sorted(
        [*own, *(close for close in earlier if close.path.name not in days)], key=lambda close: close.path.name
    )
