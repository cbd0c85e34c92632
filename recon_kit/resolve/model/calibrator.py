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
