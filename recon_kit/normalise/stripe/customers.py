"""Customers."""

from __future__ import annotations

import polars as pl

from recon_kit.normalise.stripe.buckets import Placed
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.rules import an_id, possible_moment
from recon_kit.normalise.stripe.shapes import CUSTOMERS
from recon_kit.normalise.stripe.values import day


def read_customers(reader: Reader) -> Placed:
    """Read customers, deleted ones included."""
    records = reader.read("customers", CUSTOMERS, object_type="customer", required=("id",))
    return reader.place(records, "customers", [an_id(), possible_moment("created", "created")])


def customer_rows(accepted: pl.DataFrame, discounts: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per customer: the columns of ``customers``."""
    coupons = discounts.filter(pl.col("owner") == "customer").sort("position").unique("owner_id", keep="first")
    named = accepted.rename({"key": "customer_id"}).join(
        coupons.select("coupon_id", customer_id="owner_id"), on="customer_id", how="left", validate="1:1"
    )
    return named.select(
        "customer_id",
        "name",
        "email",
        "phone",
        "country",
        "postal_code",
        "city",
        "vat_number",
        "currency",
        "created_at",
        "coupon_id",
        "metadata_account_id",
        "metadata_opportunity_id",
        created_on=day("created_at", reader.pull.timezone),
        changed_after_as_of=pl.col("customer_id").is_in(
            pl.Series(reader.history.unexplained, dtype=pl.String).implode()
        ),
    )
