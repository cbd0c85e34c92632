"""Drift of the findings: how far their open gaps together take the two systems apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit import drift

if TYPE_CHECKING:
    import polars as pl

    from recon_kit.gaps.findings import Findings
    from recon_kit.policy import Policy


def aggregate_drift(found: Findings, policy: Policy) -> pl.DataFrame:
    """Sum the open gaps of the findings; see :func:`recon_kit.drift.aggregate_drift`."""
    return drift.aggregate_drift(found.gaps, found.bridge, found.links, policy)
