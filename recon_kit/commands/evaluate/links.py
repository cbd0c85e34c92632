"""Links: read the labels, measure the links of a close against them, say what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recon_kit import resolve
from recon_kit.commands.evaluate.folder import LinkedClose, close_of, read_linked_close
from recon_kit.commands.evaluate.wording import cutoffs_told, evaluation_told
from recon_kit.policy import SettingsError
from recon_kit.resolve import evaluation


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        truth: the file of labels.
        folder: the close; none: the newest of ``params``.
        params: params file whose closes are meant; none: the sample's.
        without_ids: link as if there were no explicit ids and no decisions.
        is_complete: customers that the file does not name belong to no account.
        precision: of linked, for which cut-offs are chosen; none: choose none.
    """

    truth: Path
    folder: Path | None = None
    params: Path | None = None
    without_ids: bool = False
    is_complete: bool = False
    precision: float | None = None


def evaluate_links(asked: Asked) -> list[str]:
    """Measure the links of a close against a truth file.

    Returns:
        Lines to print: what was compared, tables, and what to do next.

    Raises:
        SettingsError: the truth file or the close cannot be used; names lines, fields and values.
    """
    if asked.precision is not None and not 0 < asked.precision < 1:
        raise SettingsError(f"--precision {asked.precision}: give a share between 0 and 1, such as 0.99.")
    labels = evaluation.read_truth(asked.truth)
    close = read_linked_close(close_of(asked.folder, asked.params))
    tables = close.tables
    truth = evaluation.truth_of_close(labels, tables["accounts"], tables["customers"], is_complete=asked.is_complete)
    candidates, links, claims = _linked(close, without_ids=asked.without_ids)
    found = evaluation.evaluate_links(
        truth,
        links,
        candidates,
        account_keys=tables["account_keys"],
        customer_keys=tables["customer_keys"],
        claims=claims,
    )
    lines = evaluation_told(found, truth, close, without_ids=asked.without_ids, is_complete=asked.is_complete)
    if asked.precision is None:
        return lines
    chosen = evaluation.choose_cutoffs(found.outcomes, precision=asked.precision, margin=close.policy.runner_up_margin)
    return [*lines, *cutoffs_told(chosen, close.policy, asked.precision)]


def _linked(close: LinkedClose, *, without_ids: bool) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return candidates and links, those of the close or anew without ids and decisions, and the claims of ids."""
    tables = close.tables
    accounts, customers = tables["accounts"], tables["customers"]
    decided = resolve.decided_links(close.decisions, accounts, customers)
    claims = resolve.explicit_claims(accounts, tables["contracts"], customers, tables["subscriptions"], decided)
    if not without_ids:
        return tables["candidates"], tables["links"], claims
    candidates, links = evaluation.linked_as_if_without_ids(
        accounts,
        customers,
        tables["account_keys"],
        tables["customer_keys"],
        policy=close.policy,
        model=close.linked_by.model,
    )
    return candidates, links, claims
