"""Ids: which Stripe ids belong onto accounts and opportunities, and what stands in the way of one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.run import Run
from recon_kit.runner.corrections.org import Org
from recon_kit.runner.corrections.shapes import (
    CHANGE,
    INVOICE_STATUS,
    SALESFORCE,
    STRIPE,
    STRIPE_ID,
    WORK,
    laid_out,
)
from recon_kit.salesforce_id import long_id

_PAIRED = ("amount_mismatch", "date_misalignment")
_AT_ODDS = ("ambiguous", "contradicting", "contradicted")
"""Faults of ids that would make a further id contradict them, and so loosen the link it should settle."""


@dataclass(frozen=True)
class Ids:
    """Changes of ids, and what a person has to do so that a link is settled: rows of ``CHANGE`` and of ``WORK``."""

    changes: pl.DataFrame
    work: pl.DataFrame


def customers_decided(run: Run, accepted: pl.DataFrame, confirmed: pl.DataFrame) -> pl.DataFrame:
    """List the customers whose account a person stands for: confirmed, or linked and named by an accepted gap.

    Returns:
        One row per customer, sorted: ``customer_id``, ``account_id``, ``basis`` (the gap, or the customer itself) and
        ``is_confirmed``.
    """
    linked = run.read("links").filter(pl.col("status") == "linked").select("customer_id", "account_id").collect()
    named = accepted.select(customer_id="customer_ids", basis="gap_id").explode("customer_id", empty_as_null=False)
    of_gaps = named.sort("customer_id", "basis").unique("customer_id", keep="first", maintain_order=True)
    both = pl.concat(
        [
            confirmed.select("customer_id", basis="customer_id", is_confirmed=pl.lit(value=True)),
            of_gaps.select("customer_id", "basis", is_confirmed=pl.lit(value=False)),
        ]
    ).unique("customer_id", keep="first", maintain_order=True)
    return both.join(linked, on="customer_id", how="inner", validate="1:1").sort("customer_id")


def account_ids(run: Run, org: Org, customers: pl.DataFrame) -> Ids:
    """Write each customer's id onto its account where the account names none.

    An account holds one id: of several customers the one with the most MRR, then the smallest id. A customer that finds
    no room there is told to be named the other way, by ``salesforce_account_id`` in its Stripe metadata. Where an id
    elsewhere says otherwise nothing is proposed: that id is put on a worklist, since two that differ undo the link.
    """
    if customers.is_empty():
        return Ids(laid_out(customers, CHANGE), laid_out(customers, WORK))
    odds = _at_odds(run).join(customers, on="customer_id", how="inner", validate="m:1")
    records = org.records("account", customers["account_id"])
    column = records.column("stripe_customer_id")
    said = records.records.select("match_id", record_id="id", before=pl.col("stripe_customer_id_text"))
    known = (
        customers.join(odds, on="customer_id", how="anti")
        .with_columns(match_id=long_id(pl.col("account_id")))
        .join(said, on="match_id", how="left", validate="m:1")
        .join(_customer_facts(run), on="customer_id", how="left", validate="1:1")
        .filter((pl.col("before") != pl.col("customer_id")).fill_null(value=True))
        .sort(["match_id", "mrr_minor", "customer_id"], descending=[False, True, False])
    )
    is_first = pl.int_range(pl.len()).over("match_id") == 0
    has_room = pl.lit(column is not None) & pl.col("record_id").is_not_null() & pl.col("before").is_null() & is_first
    placed = known.with_columns(has_room=has_room)
    changes = laid_out(
        placed.filter("has_room"),
        CHANGE,
        object=pl.lit(records.object_name),
        topic=pl.lit(STRIPE_ID),
        field=pl.lit(column, dtype=pl.String),
        after=pl.col("customer_id"),
    )
    names_it = long_id(pl.col("metadata_account_id")) == pl.col("match_id")
    other_way = placed.filter(~pl.col("has_room"), ~names_it.fill_null(value=False))
    return Ids(changes, pl.concat([_name_account(other_way), _settle_ids(odds)]))


def _customer_facts(run: Run) -> pl.DataFrame:
    billed = run.read("subscriptions").group_by("customer_id").agg(mrr_minor=pl.col("mrr_reporting_minor").sum())
    customers = run.read("customers").select("customer_id", "metadata_account_id")
    facts = customers.join(billed, on="customer_id", how="left", validate="1:1")
    return facts.with_columns(pl.col("mrr_minor").fill_null(0)).collect()


def _at_odds(run: Run) -> pl.DataFrame:
    """Find the ids that speak against a customer's account, whatever record they stand on."""
    faults = run.read("link_faults").filter(pl.col("fault").is_in(_AT_ODDS)).collect()
    owners = run.read("subscriptions").select("subscription_id", owner_id="customer_id").collect()
    record = pl.when(pl.col("subject").is_in(["account", "opportunity"])).then("points_to").otherwise("id")
    named = faults.with_columns(record=record.str.strip_chars()).join(
        owners, left_on="record", right_on="subscription_id", how="left", validate="m:1"
    )
    return named.select("subject", "message", customer_id=pl.coalesce("owner_id", "record"))


def _name_account(customers: pl.DataFrame) -> pl.DataFrame:
    sentence = pl.format(
        "Stripe: write {} into the metadata of {} as salesforce_account_id, so that the link rests on an id; the "
        "account in Salesforce has no room for it.",
        "account_id",
        "customer_id",
    )
    return laid_out(
        customers,
        WORK,
        system=pl.lit(STRIPE),
        action=pl.lit("name_account"),
        customer_ids=pl.concat_list("customer_id"),
        sentence=sentence,
    )


def _settle_ids(odds: pl.DataFrame) -> pl.DataFrame:
    in_salesforce = pl.col("subject").is_in(["account", "opportunity"])
    system = pl.when(in_salesforce).then(pl.lit(SALESFORCE)).otherwise(pl.lit(STRIPE))
    where = pl.when(in_salesforce).then(pl.lit("Salesforce")).otherwise(pl.lit("Stripe"))
    return laid_out(
        odds,
        WORK,
        system=system,
        action=pl.lit("settle_ids"),
        customer_ids=pl.concat_list("customer_id"),
        sentence=pl.format("{}: {}", where, "message"),
    )


def billed_opportunities(run: Run, accepted: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """List the contracts of which it is decided by which one subscription they are billed.

    They are those that an accepted gap compares with one live subscription, and the reconciled pairs of one and one of
    customers whose link was confirmed.

    Returns:
        One row per opportunity, sorted: ``opportunity_id``, ``subscription_id``, ``account_id``, ``basis``.
    """
    pairs = run.read("pairs").select("account_id", "opportunity_ids", "subscription_ids").collect()
    of_gaps = accepted.filter(pl.col("family").is_in(_PAIRED)).select(
        *pairs.columns, basis="gap_id", is_of_gap=pl.lit(value=True)
    )
    of_pairs = pairs.with_columns(basis=pl.lit(None, dtype=pl.String), is_of_gap=pl.lit(value=False))
    single = pl.concat([of_gaps, of_pairs]).filter(
        pl.col("opportunity_ids").list.len() == 1, pl.col("subscription_ids").list.len() == 1
    )
    live = (
        run.read("subscriptions").filter("is_live").select("subscription_id", "customer_id", "metadata_opportunity_id")
    )
    confirmed = customers.filter("is_confirmed").select("customer_id", confirmed_by="basis")
    known = (
        single.with_columns(
            opportunity_id=pl.col("opportunity_ids").list.first(),
            subscription_id=pl.col("subscription_ids").list.first(),
        )
        .join(live.collect(), on="subscription_id", how="inner", validate="m:1")
        .join(confirmed, on="customer_id", how="left", validate="m:1")
        .with_columns(basis=pl.coalesce("basis", "confirmed_by"))
    )
    names_other = long_id(pl.col("metadata_opportunity_id")) != long_id(pl.col("opportunity_id"))
    chosen = known.filter(pl.col("basis").is_not_null(), ~names_other.fill_null(value=False))
    first = chosen.sort("opportunity_id", "is_of_gap", "basis", descending=[False, True, False])
    return first.unique("opportunity_id", keep="first", maintain_order=True).select(
        "opportunity_id", "subscription_id", "account_id", "basis"
    )


def opportunity_ids(run: Run, org: Org, billed: pl.DataFrame) -> pl.DataFrame:
    """Write a subscription's id onto its opportunity where that names none, and where no other in force names it."""
    if billed.is_empty():
        return laid_out(billed, CHANGE)
    named = run.read("contracts").filter("is_effective").select(subscription_id="stripe_subscription_id").collect()
    records = org.records("contract", billed["opportunity_id"])
    column = records.column("stripe_subscription_id")
    said = records.records.select("match_id", record_id="id", before="stripe_subscription_id_text")
    known = (
        billed.join(named.drop_nulls().unique(), on="subscription_id", how="anti")
        .with_columns(match_id=long_id(pl.col("opportunity_id")))
        .join(said, on="match_id", how="inner", validate="m:1")
    )
    return laid_out(
        known.filter(pl.col("before").is_null(), pl.lit(column is not None)),
        CHANGE,
        object=pl.lit(records.object_name),
        topic=pl.lit(STRIPE_ID),
        field=pl.lit(column, dtype=pl.String),
        after=pl.col("subscription_id"),
    )


def invoice_statuses(run: Run, org: Org, billed: pl.DataFrame) -> pl.DataFrame:
    """Write the status of the last invoice of a subscription onto its opportunity, where the org keeps one.

    The org's own spelling of Stripe's words is used where it has one (``Paid`` for ``paid``).
    """
    if billed.is_empty():
        return laid_out(billed, CHANGE)
    records = org.records("contract", billed["opportunity_id"], statuses=("invoice_status",))
    column = records.column("invoice_status")
    if column is None:
        return laid_out(billed.clear(), CHANGE)
    spelt = {value.lower(): value for value in reversed(records.in_use.get(column, []))}
    said = records.records.select("match_id", record_id="id", before="invoice_status_text")
    known = (
        billed.join(_last_invoices(run), on="subscription_id", how="inner", validate="m:1")
        .with_columns(match_id=long_id(pl.col("opportunity_id")), after=pl.col("status").replace(spelt))
        .join(said, on="match_id", how="inner", validate="m:1")
        .filter(pl.col("before").str.to_lowercase().ne_missing(pl.col("status")))
    )
    return laid_out(
        known,
        CHANGE,
        object=pl.lit(records.object_name),
        topic=pl.lit(INVOICE_STATUS),
        field=pl.lit(column),
    )


def _last_invoices(run: Run) -> pl.DataFrame:
    """The last invoice of each subscription that is no draft: ``subscription_id``, ``status``."""
    told = pl.col("subscription_id").is_not_null() & pl.col("status").is_not_null() & (pl.col("status") != "draft")
    ordered = run.read("invoices").filter(told).sort("created_at", "invoice_id").collect()
    return ordered.unique("subscription_id", keep="last", maintain_order=True).select("subscription_id", "status")
