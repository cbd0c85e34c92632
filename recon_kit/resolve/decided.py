"""Decided: what people decided about links, on today's evidence, and what follows from it."""

from __future__ import annotations

import polars as pl

from recon_kit import journal
from recon_kit.salesforce_id import long_id

CONFIRM, REJECT, UNSURE = "confirm", "reject", "unsure"
_PAIR = ["customer_id", "account_key"]
_KEY = long_id(pl.col("account_id"))


def decided_links(decisions: pl.DataFrame, accounts: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Judge the decisions about links by the evidence of this close.

    Args:
        decisions: what :func:`recon_kit.journal.read_decisions` returns.
        accounts: rows of ``accounts``.
        customers: rows of ``customers``.

    Returns:
        One row per decision about a link, by ``sequence``: its columns, ``account_key`` (18 characters), ``account_id``
        and ``account_name`` (as the table has them, where it has them), ``status`` and ``message``. A customer
        confirmed to two accounts is confirmed to none: both are ``contradicting``.
    """
    links = decisions.filter(pl.col("subject") == "link").with_columns(account_key=_KEY)
    known = journal.link_evidence(links, customers, accounts)
    judged = journal.with_status(links, known, _PAIR)
    names = accounts.select(account_key=_KEY, table_id="account_id", account_name="name")
    named = judged.join(names, on="account_key", how="left", validate="m:1").join(
        known.select(*_PAIR, "is_deleted"), on=_PAIR, how="left", validate="m:1"
    )
    spelt = named.with_columns(account_id=pl.coalesce("table_id", "account_id")).drop("table_id")
    told = _told_by_ids(_not_to_deleted(spelt), accounts, customers)
    return _contradictions(told).drop("is_deleted").sort("sequence")


def _not_to_deleted(judged: pl.DataFrame) -> pl.DataFrame:
    """A confirmed link to an account that is no more holds for nothing."""
    is_gone = (pl.col("status") == journal.APPLIED) & pl.col("is_deleted") & (pl.col("decision") == CONFIRM)
    message = pl.lit("Not applied: the account is deleted, or was merged into another: confirm that one.")
    return judged.with_columns(
        status=pl.when(is_gone).then(pl.lit(journal.UNKNOWN)).otherwise("status"),
        message=pl.when(is_gone).then(message).otherwise("message"),
    )


def _told_by_ids(judged: pl.DataFrame, accounts: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Of a confirmed link that lapsed because its id was written into a system, say that it is no longer needed."""
    in_crm = accounts.select(customer_id=pl.col("stripe_customer_id").str.strip_chars(), account_key=_KEY)
    in_billing = customers.select("customer_id", account_key=long_id(pl.col("metadata_account_id")))
    named = pl.concat([in_crm, in_billing]).drop_nulls().unique().with_columns(is_named=pl.lit(value=True))
    joined = judged.join(named, on=_PAIR, how="left", validate="m:1")
    is_done = (pl.col("status") == journal.LAPSED) & (pl.col("decision") == CONFIRM) & pl.col("is_named")
    message = pl.lit("No longer needed: an id in the systems says the same now.")
    return joined.with_columns(message=pl.when(is_done).then(message).otherwise("message")).drop("is_named")


def _contradictions(judged: pl.DataFrame) -> pl.DataFrame:
    is_confirmed = (pl.col("status") == journal.APPLIED) & (pl.col("decision") == CONFIRM)
    several = is_confirmed & (is_confirmed.sum().over("customer_id") > 1)
    rivals = (
        pl.col("sequence").filter(is_confirmed).sort().cast(pl.String).implode().over("customer_id").list.join(", ")
    )
    message = pl.format(
        "Not applied: decisions {} confirm one customer to several accounts, and it belongs to one. Reject the others.",
        rivals,
    )
    return judged.with_columns(
        status=pl.when(several).then(pl.lit(journal.CONTRADICTING)).otherwise("status"),
        message=pl.when(several).then(message).otherwise("message"),
    )


def pairs_decided(decided: pl.DataFrame, decision: str) -> pl.DataFrame:
    """List the pairs that are decided so.

    Args:
        decided: what :func:`decided_links` returns.
        decision: ``confirm``, ``reject`` or ``unsure``.

    Returns:
        One row per pair, sorted: ``customer_id``, ``account_id``, ``told`` (who, when, why).
    """
    held = decided.filter(pl.col("status") == journal.APPLIED, pl.col("decision") == decision)
    return held.select("customer_id", "account_id", told=journal.told()).sort("customer_id", "account_id")


def notes_on_customers(decided: pl.DataFrame) -> pl.DataFrame:
    """Say what was decided about a customer and does not link it, for the reason of its link.

    Returns:
        One row per customer, sorted: ``customer_id``, ``note``, ``is_held`` (people contradict each other: nothing is
        linked until they agree), ``unsure_ids`` (accounts of which a person is not sure), ``has_rejected``.
    """
    account = pl.coalesce("account_name", "account_id")
    words = pl.col("decision").replace_strict(_WORDS, return_dtype=pl.String)
    note = (
        pl.when(pl.col("status") == journal.APPLIED)
        .then(pl.format("{} {}: {}.", words, account, journal.told()))
        .otherwise(pl.format("Decision {} ({} account {}): {}", "sequence", "decision", account, "message"))
    )
    is_unsure = (pl.col("status") == journal.APPLIED) & (pl.col("decision") == UNSURE)
    is_rejected = (pl.col("status") == journal.APPLIED) & (pl.col("decision") == REJECT)
    speaking = decided.filter(
        pl.col("status") != journal.SUPERSEDED,
        ~((pl.col("status") == journal.APPLIED) & (pl.col("decision") == CONFIRM)),
    )
    return (
        speaking.sort("customer_id", "sequence")
        .group_by("customer_id", maintain_order=True)
        .agg(
            note=note.str.join(" "),
            is_held=(pl.col("status") == journal.CONTRADICTING).any(),
            unsure_ids=pl.col("account_id").filter(is_unsure).sort(),
            has_rejected=is_rejected.any(),
        )
    )


_WORDS = {CONFIRM: "Confirmed as account", REJECT: "Rejected as account", UNSURE: "Undecided whether it is account"}
