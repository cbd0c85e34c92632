"""What a snapshot of Stripe lacks: files, parts of objects, old values; and the mode it was pulled in."""

from __future__ import annotations

import polars as pl

from recon_kit.normalise.stripe.billing import Billing
from recon_kit.normalise.stripe.files import Snapshot
from recon_kit.normalise.stripe.records import Pull, records_of
from recon_kit.normalise.stripe.shapes_money import COUNTED
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import STRIPE, STRIPE_OBJECTS
from recon_kit.schemas.table import SchemaError

_WITHOUT = {
    "invoice_lines": "invoices with more lines than one page are known only in part",
    "prices": "tiered prices cannot be worked out",
    "products": "items carry no product name",
    "coupons": "coupons that a discount only names are unknown",
    "invoice_payments": "payments of current API versions cannot be tied to invoices",
    "payment_intents": "payments of older API versions cannot be tied to invoices",
    "charges": "payments cannot be seen",
    "refunds": "refunds cannot be seen",
    "disputes": "disputes cannot be seen",
    "credit_notes": "credit notes cannot be seen",
    "balance_transactions": "Stripe's balance cannot be followed",
    "payouts": "payouts cannot be followed",
    "payout_balance_transactions": "what a payout consists of is unknown",
    "events": "changes after the day of the close cannot be wound back, and changes of items cannot be dated",
    "tax_rates": "tax rates that an item only names are unknown",
    "balance": "Stripe's own balance is unknown",
    "subscription_schedules": "planned changes are unknown",
}
_CHANGED = (
    "It changed after the day of the close and no event tells what it was before. It is compared as it stands now."
)


def missing_files(snapshot: Snapshot) -> list[str]:
    """List the optional objects without file.

    Raises:
        SchemaError: a required one has none.
    """
    absent = [raw for raw in STRIPE_OBJECTS if not snapshot.has(raw.name)]
    required = [f"{STRIPE}/{raw.name}.jsonl" for raw in absent if raw.required]
    if required:
        message = (
            f"The raw folder has no {' and no '.join(required)}. Pull the object, or correct the path of the source."
        )
        raise SchemaError(message)
    return [raw.name for raw in absent]


def source_mode(pull: Pull) -> str:
    """Return the mode of objects that do not say theirs: the policy's, unless every customer says the other one."""
    mode = pull.policy.stripe_mode
    other, other_flag = ("test", "false") if mode == "live" else ("live", "true")
    modes = records_of(pull, "customers", COUNTED)["livemode"].unique().to_list()
    return other if modes == [other_flag] else mode


def not_testable_rows(absent: list[str], billing: Billing) -> pl.DataFrame:
    """Return rows of ``not_testable`` (without ``room``): absent files, partial objects, changes without old value."""
    files = pl.DataFrame(
        {
            "subject": ["file"] * len(absent),
            "id": [f"{STRIPE}/{name}" for name in absent],
            "reason": [f"There is no {STRIPE}/{name}.jsonl: {_WITHOUT[name]}." for name in absent],
        },
        schema={"subject": pl.String, "id": pl.String, "reason": pl.String},
    )
    changed = pl.concat(
        [
            billing.tables[name]
            .filter("changed_after_as_of")
            .select(subject=pl.lit(subject), id=f"{subject}_id", reason=pl.lit(_CHANGED))
            for name, subject in (("customers", "customer"), ("subscriptions", "subscription"))
        ]
    )
    schema = TABLES["not_testable"].empty().drop("room").schema
    rows = pl.concat([files, changed, billing.incomplete])
    return rows.with_columns(exposed_minor=pl.lit(None, dtype=pl.Int64), currency=pl.lit(None, dtype=pl.String)).select(
        list(schema)
    )
