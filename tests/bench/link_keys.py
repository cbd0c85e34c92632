"""The keys and the truth that links are timed on: ``python -m tests.bench.link_keys SOURCE KEYS``.

SOURCE is a company of names only (``python -m tests.world --only names``), or a folder with ``stripe.parquet`` and
``sf.parquet``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from recon_kit.resolve.model.labelled import LabelledCompany, Weakening, weakened
from tests.bench.train_links import SEED, generated, keys_of

TABLES = ("account_keys", "customer_keys", "truth")


def write_keys(source: Path, keys: Path) -> None:
    """Write ``account_keys``, ``customer_keys`` and ``truth`` (customer_id, account_id)."""
    made = _of_generated(source) if (source / "sf.parquet").exists() else _of_names(source)
    keys.mkdir(parents=True)
    for name, frame in zip(TABLES, made, strict=True):
        frame.write_parquet(keys / f"{name}.parquet")


def read_keys(keys: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return ``account_keys``, ``customer_keys`` and ``truth``."""
    account_keys, customer_keys, truth = (pl.read_parquet(keys / f"{name}.parquet") for name in TABLES)
    return account_keys, customer_keys, truth


def _of_generated(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    company = generated(folder)
    return company.account_keys, company.customer_keys, company.truth.select("customer_id", "account_id")


def _of_names(raw: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read the columns that say who is who; explicit ids are left out, or nothing would be left to link.

    What such companies are too tidy in is lost or changed on the way: offices, addresses, web sites. Their phones are
    few, and left out.
    """
    accounts = pl.read_csv(raw / "salesforce" / "Account.csv", infer_schema_length=0).filter(IsDeleted="false")
    customers = pl.read_ndjson(raw / "stripe" / "customers.jsonl", schema=_CUSTOMER).unnest("address")
    account_keys, customer_keys = keys_of(accounts.select(**_ACCOUNT), customers.rename({"id": "customer_id"}))
    links = pl.read_csv(raw / "truth" / "links.csv", infer_schema_length=0).select("customer_id", "account_id")
    truth = customer_keys.select("customer_id").join(links, on="customer_id", how="left", validate="1:1")
    company = weakened(LabelledCompany(raw.parent.name, account_keys, customer_keys, truth), UNTIDY, seed=SEED)
    return company.account_keys, company.customer_keys, truth


UNTIDY = Weakening(moved=0.12, abroad=0.04, without_city=0.1, without_place=0.1, without_address=0.15, without_web=0.15)

_CUSTOMER = {
    "id": pl.String,
    "name": pl.String,
    "email": pl.String,
    "address": pl.Struct({"city": pl.String, "country": pl.String, "postal_code": pl.String}),
}
_ACCOUNT = {
    "account_id": "Id",
    "name": "Name",
    "website": "Website",
    "billing_email": "Billing_Email__c",
    "country": "BillingCountryCode",
    "postal_code": "BillingPostalCode",
    "city": "BillingCity",
    "vat_number": "VAT_Number__c",
}


if __name__ == "__main__":
    write_keys(Path(sys.argv[1]), Path(sys.argv[2]))
