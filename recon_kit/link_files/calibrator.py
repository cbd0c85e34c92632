"""Calibrator: from the share that competition leaves a pair to the probability that it is right."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Calibrator:
    """A rising line through knots.

    Attributes:
        knots: (share, probability), both rising, between 0 and 1.
    """

    knots: tuple[tuple[float, float], ...]

    def calibrated(self, shares: pl.Series) -> pl.Series:
        """Read the probability of each share off the line."""
        x, y = zip(*self.knots, strict=True)
        return pl.Series(shares.name, np.interp(shares.to_numpy(), x, y), dtype=pl.Float64)

    def to_json(self) -> str:
        """Write the knots, one a line."""
        rows = ",\n".join(f"  [{share!r}, {probability!r}]" for share, probability in self.knots)
        return f'{{"knots": [\n{rows}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Calibrator:
        """Read what :meth:`to_json` wrote."""
        return cls(tuple((float(share), float(probability)) for share, probability in json.loads(text)["knots"]))


IDENTITY = Calibrator(((0.0, 0.0), (1.0, 1.0)))
"""Leaves every share as it is."""


def recalibrated(probabilities: pl.Series, knots: pl.DataFrame) -> pl.Series:
    """Map probabilities through the knots of a proposal; without knots they stay as they are.

    Args:
        probabilities: as the model gives them.
        knots: rows of ``calibrator_proposal``.
    """
    if knots.is_empty():
        return probabilities
    mapped = np.interp(probabilities.to_numpy(), knots["link_probability"].to_numpy(), knots["calibrated"].to_numpy())
    return pl.Series(probabilities.name, mapped)


def followed_by(calibrator: Calibrator, knots: pl.DataFrame) -> Calibrator:
    """Make one calibrator of two: what the first gives is mapped by the second.

    Args:
        calibrator: from shares of competition to probabilities.
        knots: rows of ``calibrator_proposal``, which was fitted to what the first gives.
    """
    steps = np.concatenate([np.linspace(0, 1, 101), 1 - np.geomspace(1e-6, 1e-2, 25), np.geomspace(1e-6, 1e-2, 25)])
    shares = pl.Series("share", np.unique([*steps.round(9), *(share for share, _ in calibrator.knots)]))
    chances = recalibrated(calibrator.calibrated(shares), knots).round(9).cum_max()
    return Calibrator(tuple(zip(shares.to_list(), chances.to_list(), strict=True)))
