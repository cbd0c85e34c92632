"""As if without: customers linked by the model alone, whatever ids and decisions say; what labels are held against."""

from __future__ import annotations

import polars as pl

from recon_kit.policy import Policy
from recon_kit.resolve.candidates import propose_candidates
from recon_kit.resolve.links import choose_links
from recon_kit.resolve.model import LinkModel
from recon_kit.resolve.model.settings import Engine


def linked_as_if_without_ids(
    accounts: pl.DataFrame,
    customers: pl.DataFrame,
    account_keys: pl.DataFrame,
    customer_keys: pl.DataFrame,
    *,
    policy: Policy,
    engine: Engine = "duckdb",
    model: LinkModel | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Link customers without a look at explicit ids and decisions.

    Args:
        accounts: rows of ``accounts``.
        customers: rows of ``customers``.
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        policy: its cut-offs.
        engine: where Splink computes.
        model: another model than the shipped one.

    Returns:
        Candidates (columns of ``candidates``) and links (columns of ``links``), sorted.
    """
    candidates = propose_candidates(
        account_keys, customer_keys, _no_claims(), floor=policy.candidate_floor_weight, engine=engine, model=model
    )
    return candidates, choose_links(candidates, customers, accounts, policy=policy)


def _no_claims() -> pl.DataFrame:
    """Make claims of explicit ids without a row."""
    names = ("subject", "id", "points_to", "customer_id", "account_id", "fault")
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
