"""Assemble the tables of billing: customers, what they subscribed to, and what they were invoiced by as_of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import polars as pl

from recon_kit.normalise.stripe.buckets import AFTER_AS_OF, Placed, with_faults
from recon_kit.normalise.stripe.changed_items import with_amounts
from recon_kit.normalise.stripe.customers import customer_rows, read_customers
from recon_kit.normalise.stripe.discounts import discount_rows, given
from recon_kit.normalise.stripe.invoice_lines import (
    FAULTY_LINE,
    faults_by_invoice,
    line_rows,
    lines_inside,
    place_overflow,
)
from recon_kit.normalise.stripe.invoices import invoice_rows, invoice_rules, read_invoices
from recon_kit.normalise.stripe.items import FAULTY_ITEM, complete_items, faults_by_subscription, item_rows
from recon_kit.normalise.stripe.items_invoiced import items_as_invoiced
from recon_kit.normalise.stripe.payments import paid_by_as_of, place_money
from recon_kit.normalise.stripe.periods import (
    ordinary_lines,
    with_billing_start,
    with_latest_invoice,
    with_pause,
    with_period,
    with_unpaid_since,
)
from recon_kit.normalise.stripe.prices import Catalogue, read_catalogue, tier_rows
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.subscriptions import (
    as_it_was,
    read_subscriptions,
    subscription_rows,
    subscription_rules,
)


@dataclass(frozen=True)
class Billing:
    """Tables of billing.

    Attributes:
        placed: where the records went, by object.
        tables: by name.
        invoices: accepted invoice records, as read.
        incomplete: ``subject``, ``id``, ``reason`` of what Stripe sent only in part.
    """

    placed: dict[str, Placed]
    tables: dict[str, pl.DataFrame]
    invoices: pl.DataFrame
    incomplete: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True)
class Invoiced:
    """Invoices and their lines by as_of, the lines of later invoices, and where the records went, by object."""

    placed: dict[str, Placed]
    invoices: pl.DataFrame
    lines: pl.DataFrame
    later_lines: pl.DataFrame


def read_billing(reader: Reader) -> Billing:
    """Read customers, catalogue, invoices and subscriptions, in the order in which they name one another."""
    catalogue = read_catalogue(reader)
    customers = read_customers(reader)
    invoiced = _read_invoiced(reader, customers.accepted["key"])
    placed = {**catalogue.placed, "customers": customers, **invoiced.placed}
    placed["subscriptions"], items, changed = _read_subscribed(reader, customers.accepted["key"], catalogue)
    subscribed = as_it_was(placed["subscriptions"].accepted, reader)
    is_later = any((one.excluded["reason"] == AFTER_AS_OF).any() for one in placed.values())
    if is_later and not reader.history.is_known:
        billed = pl.concat([invoiced.lines, invoiced.later_lines])
        items = items_as_invoiced(items, subscribed, billed, catalogue.prices, reader.pull.cutoff)
    stated = pl.concat(
        [
            given(customers.accepted, "customer", "key"),
            given(subscribed, "subscription", "key"),
            given(items, "item", "item_id"),
        ]
    )
    owners = pl.concat([customers.accepted["key"], subscribed["key"], items["item_id"]])
    discounts = discount_rows(reader.pull, stated, catalogue.coupons, reader.history).filter(
        pl.col("owner_id").is_in(owners.implode())
    )
    tables = {
        "customers": customer_rows(customers.accepted, discounts, reader),
        "subscriptions": _subscriptions(subscribed, items, discounts, invoiced, reader),
        "subscription_items": _with_coupons(items, discounts, "item_id"),
        "prices": catalogue.prices,
        "price_tiers": _tiers(reader, catalogue, items),
        "coupons": catalogue.coupons,
        "discounts": discounts,
        "invoices": invoiced.invoices,
        "invoice_lines": invoiced.lines,
        "events": changed,
    }
    accepted = placed["invoices"].accepted
    return Billing(
        placed, tables, accepted, _incomplete(subscribed, accepted, discounts, placed["invoice_lines"].accepted)
    )


def _read_invoiced(reader: Reader, customers: pl.Series) -> Invoiced:
    """Read invoices and their lines; frames of their size are let go as soon as they are used up."""
    records, lines = read_invoices(reader)
    faulty = with_faults(records, faults_by_invoice(lines), "faulty_line")
    placed = {"invoices": reader.place(faulty, "invoices", [*invoice_rules(customers), FAULTY_LINE])}
    del records, faulty
    placed["invoice_payments"], _ = place_money(reader, "invoice_payments")
    of_invoices = placed["invoices"]
    inside, later_inside = (lines_inside(lines, one) for one in (of_invoices.accepted, of_invoices.later))
    del lines
    placed["invoice_lines"] = place_overflow(reader, of_invoices.decided.rename({"key": "invoice_id"}), inside)
    paid = paid_by_as_of(placed["invoice_payments"].accepted, reader)
    invoices = invoice_rows(of_invoices.accepted, paid, reader)
    placed["invoices"] = replace(of_invoices, accepted=of_invoices.accepted.select(_OF_INVOICES))
    overflow = placed["invoice_lines"].accepted
    later = of_invoices.later.select("subscription_id", invoice_id="key")
    return Invoiced(
        placed,
        invoices,
        line_rows(inside, overflow, invoices, reader),
        line_rows(later_inside, overflow.clear(), later, reader),
    )


_OF_INVOICES = ("key", "is_restored", "payments", "charge_id", "payment_intent_id", "lines_more")
"""What is looked up in invoice records once their rows are made."""


def _read_subscribed(
    reader: Reader, customers: pl.Series, catalogue: Catalogue
) -> tuple[Placed, pl.DataFrame, pl.DataFrame]:
    """Read subscriptions; returns where they went, their items, and the events with what they changed of items."""
    records, listed, patched = read_subscriptions(reader)
    items = complete_items(reader, records, listed, patched)
    faulty = with_faults(records, faults_by_subscription(items), "faulty_item")
    placed = reader.place(faulty, "subscriptions", [*subscription_rules(customers), FAULTY_ITEM])
    owners = placed.accepted.rename({"key": "subscription_id"})
    events = with_amounts(reader.history.earlier, placed.accepted, patched, catalogue, reader)
    return placed, item_rows(items, owners, catalogue, reader), events


def _subscriptions(
    subscribed: pl.DataFrame, items: pl.DataFrame, discounts: pl.DataFrame, invoiced: Invoiced, reader: Reader
) -> pl.DataFrame:
    ordinary = ordinary_lines(invoiced.lines)
    billed = with_period(with_billing_start(subscribed, ordinary), ordinary, items, reader.pull.cutoff)
    known = with_latest_invoice(
        with_unpaid_since(with_pause(billed, ordinary, invoiced.invoices, reader), invoiced.invoices, reader),
        invoiced.invoices,
    )
    unexplained = pl.Series(reader.history.unexplained, dtype=pl.String)
    flagged = known.with_columns(changed_after_as_of=pl.col("key").is_in(unexplained.implode()))
    return subscription_rows(_with_coupons(flagged, discounts, "key"), reader)


def _with_coupons(rows: pl.DataFrame, discounts: pl.DataFrame, key: str) -> pl.DataFrame:
    """Add ``coupon_ids``, sorted, empty where there is none."""
    named = (
        discounts.drop_nulls("coupon_id")
        .group_by(pl.col("owner_id").alias(key))
        .agg(coupon_ids=pl.col("coupon_id").unique().sort())
    )
    return rows.join(named, on=key, how="left", validate="m:1").with_columns(pl.col("coupon_ids").fill_null([]))


def _tiers(reader: Reader, catalogue: Catalogue, items: pl.DataFrame) -> pl.DataFrame:
    """Tiers of prices, and of prices that stand only inside items."""
    listed = [frame.select("price_id", "tiers").sort("price_id", "tiers") for frame in (catalogue.prices, items)]
    return tier_rows(reader.pull, pl.concat(listed))


def _incomplete(
    subscribed: pl.DataFrame, invoices: pl.DataFrame, discounts: pl.DataFrame, overflow: pl.DataFrame
) -> pl.DataFrame:
    """List what Stripe sent only in part: lists of which pages are missing, discounts of which only the id is known."""
    unknown = discounts.filter(pl.col("duration").is_null())
    named = pl.col("discount_id").fill_null("without id")
    short = invoices.filter(pl.col("lines_more") == "true").join(
        overflow, left_on="key", right_on="invoice_id", how="anti"
    )
    listed_in_part = subscribed.filter(pl.col("items_more") == "true")
    return pl.concat(
        [
            unknown.select(
                subject="owner",
                id="owner_id",
                reason=pl.format("The coupon of discount {} is not in the snapshot. Pull coupons.", named),
            ),
            listed_in_part.select(subject=pl.lit("subscription"), id="key", reason=pl.lit(_FIRST_ITEMS)),
            short.select(subject=pl.lit("invoice"), id="key", reason=pl.lit(_FIRST_LINES)),
        ]
    )


_FIRST_ITEMS = "Stripe listed only its first items. Pull the subscription with all its items."
_FIRST_LINES = "Stripe listed only its first lines and there are no others. Pull invoice_lines."
