"""Link keys: what accounts and customers are compared by, in the same columns on both sides."""

from __future__ import annotations

import polars as pl

from recon_kit.normalise.keys.company_names import name_keys
from recon_kit.normalise.keys.domains import company_domains, domain_root, host_of_address, host_of_website
from recon_kit.normalise.keys.emails import addresses_in, canonical_addresses
from recon_kit.normalise.keys.phones import e164
from recon_kit.normalise.keys.places import cities, country_codes, postal_codes
from recon_kit.normalise.keys.registrations import tax_ids, tax_numbers
from recon_kit.salesforce_id import long_id
from recon_kit.schemas import TABLES

_LISTS = ["emails", "domains", "name_cores"]
_FROM_MERGED = ["email", "email_domain", "web_domain", "domain_root", "phone", "tax_id", "tax_number", "country",
                "postal_code", "city"]  # fmt: skip


def account_keys(accounts: pl.DataFrame) -> pl.DataFrame:
    """Derive the keys of the accounts that stand; what merged ones carried counts for their survivors.

    Args:
        accounts: rows of ``accounts``.

    Returns:
        One row per account that is not deleted, sorted: the columns of ``account_keys``. Lists unite; an address, a
        number or a place that the survivor lacks is that of the first merged account, by id, that has one.
    """
    standing = accounts.filter(~pl.col("is_deleted")).select("account_id", survivor=long_id(pl.col("account_id")))
    merged = pl.when("is_deleted").then("survivor_id").otherwise(pl.coalesce("survivor_id", "account_id"))
    carried = accounts.select(
        pl.col("account_id").alias("record"),
        *_DESCRIBING,
        survivor=long_id(merged),
        email="billing_email",
        other_emails="contact_emails",
    ).join(standing, on="survivor", how="inner", validate="m:1")
    keys = _keys(carried).join(carried.select("record", "account_id"), on="record", how="left", validate="1:1")
    own, others = keys.filter(record=pl.col("account_id")), keys.filter(pl.col("record") != pl.col("account_id"))
    return _united(own, others).select(TABLES["account_keys"].columns).sort("account_id")


def customer_keys(customers: pl.DataFrame) -> pl.DataFrame:
    """Derive the keys of the customers.

    Args:
        customers: rows of ``customers``.

    Returns:
        One row per customer, sorted: the columns of ``customer_keys``.
    """
    carried = customers.with_columns(
        record="customer_id",
        website=pl.lit(None, dtype=pl.String),
        other_emails=pl.lit([], dtype=pl.List(pl.String)),
    )
    keys = _keys(carried).with_columns(customer_id="record")
    return keys.select(TABLES["customer_keys"].columns).sort("customer_id")


_DESCRIBING = ["name", "website", "phone", "country", "postal_code", "city", "vat_number"]


def _keys(records: pl.DataFrame) -> pl.DataFrame:
    """Add every key to records with ``record``, what describes them, ``email`` (text) and ``other_emails`` (texts)."""
    countries = country_codes(records["country"])
    places = records.select(
        phone=e164(records["phone"], countries),
        tax_id=tax_ids(records["vat_number"], countries),
        tax_number=tax_numbers(records["vat_number"]),
        country=countries,
        postal_code=postal_codes(records["postal_code"], countries),
        city=cities(records["city"]),
    )
    names = name_keys(records["name"])
    web = _web_keys(records)
    described = pl.concat([records.select("record"), names, places], how="horizontal")
    return described.join(web, on="record", how="left", validate="1:1")


def _web_keys(records: pl.DataFrame) -> pl.DataFrame:
    """Read addresses and web sites.

    Returns:
        One row per record: ``record``, ``email`` (the first of its own text, else its only other one), ``emails``,
        ``email_domain``, ``web_domain``, ``domains``, ``domain_root``.
    """
    addresses = _addresses(records)
    main = addresses.filter("is_main").unique("record", keep="first", maintain_order=True)
    hosts = records.select("record", host=host_of_website(pl.col("website"))).drop_nulls()
    sites = hosts.select("record", domain=company_domains(hosts["host"]))
    both = pl.concat([addresses.select("record", "domain"), sites])
    joined = records.select("record")
    for each in (
        main.select("record", main="email"),
        _lists(addresses.select("record", emails="email")),
        _lists(both.select("record", domains="domain")),
        sites.rename({"domain": "web_domain"}),
    ):
        joined = joined.join(each, on="record", how="left", validate="1:1", maintain_order="left")
    sole = pl.when(pl.col("emails").list.len() == 1).then(pl.col("emails").list.first())
    domain_of = addresses.select("email", email_domain="domain").unique("email")
    keys = (
        joined.with_columns(pl.col("emails", "domains").fill_null([]), email=pl.coalesce("main", sole))
        .drop("main")
        .join(domain_of, on="email", how="left", validate="m:1", maintain_order="left")
    )
    speaking = keys.select(pl.coalesce("web_domain", "email_domain")).to_series()
    return keys.with_columns(domain_root=domain_root(speaking))


def _lists(values: pl.DataFrame) -> pl.DataFrame:
    """Gather the distinct values of each record in a sorted list; records without any are left out."""
    return values.drop_nulls().unique().sort(values.columns).group_by("record", maintain_order=True).agg(pl.all())


def _addresses(records: pl.DataFrame) -> pl.DataFrame:
    """List the addresses of records: ``record``, ``is_main``, ``email`` (canonical), ``domain``, in their order."""
    written = pl.concat(
        [
            records.select("record", text="email", is_main=pl.lit(value=True)).drop_nulls("text"),
            records.select("record", text="other_emails", is_main=pl.lit(value=False)).explode(
                "text", empty_as_null=False
            ),
        ]
    )
    found = written.select("record", "is_main", raw=addresses_in(pl.col("text"))).explode("raw", empty_as_null=False)
    known = found.with_columns(email=canonical_addresses(found["raw"])).drop_nulls("email")
    hosts = known.select(host=host_of_address(pl.col("email")))["host"]
    return known.select("record", "is_main", "email", domain=company_domains(hosts))


def _united(own: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Give survivors what the accounts merged into them carried."""
    if merged.is_empty():
        return own
    ordered = merged.sort("record")
    left = ordered.group_by("account_id").agg(
        *(pl.col(name).drop_nulls().first().alias(f"{name}_left") for name in _FROM_MERGED),
        *(pl.col(name).explode(empty_as_null=False).alias(f"{name}_left") for name in _LISTS),
    )
    joined = own.join(left, on="account_id", how="left", validate="1:1")
    both = [pl.col(name).list.set_union(pl.col(f"{name}_left").fill_null([])).list.sort() for name in _LISTS]
    return joined.with_columns(*both, *(pl.coalesce(name, f"{name}_left") for name in _FROM_MERGED))
