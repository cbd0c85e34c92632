"""What a snapshot of Stripe lacks: parts of objects, old values; and the mode it was pulled in."""

from __future__ import annotations

import polars as pl

from recon_kit.normalise.stripe.billing import Billing
from recon_kit.normalise.stripe.files import Snapshot
from recon_kit.normalise.stripe.records import Pull, records_of
from recon_kit.normalise.stripe.shapes_money import COUNTED
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import STRIPE, STRIPE_OBJECTS
from recon_kit.schemas.table import SchemaError

_CHANGED = (
    "It changed after the day of the close and no event tells what it was before. It is compared as it stands now."
)


def require_files(snapshot: Snapshot) -> None:
    """Stop without the objects that nothing can be told without; the page of extract lists the optional ones.

    Raises:
        SchemaError: names the files.
    """
    required = [f"{STRIPE}/{raw.name}.jsonl" for raw in STRIPE_OBJECTS if raw.required and not snapshot.has(raw.name)]
    if required:
        message = (
            f"The raw folder has no {' and no '.join(required)}. Pull the object, or correct the path of the source."
        )
        raise SchemaError(message)


def source_mode(pull: Pull) -> str:
    """Return the mode of objects that do not say theirs: the policy's, unless every customer says the other one."""
    mode = pull.policy.stripe_mode
    other, other_flag = ("test", "false") if mode == "live" else ("live", "true")
    modes = records_of(pull, "customers", COUNTED)["livemode"].unique().to_list()
    return other if modes == [other_flag] else mode


def not_testable_rows(billing: Billing) -> pl.DataFrame:
    """Return rows of ``not_testable`` (without ``room``): partial objects, changes without old value."""
    changed = pl.concat(
        [
            billing.tables[name]
            .filter("changed_after_as_of")
            .select(subject=pl.lit(subject), id=f"{subject}_id", reason=pl.lit(_CHANGED))
            for name, subject in (("customers", "customer"), ("subscriptions", "subscription"))
        ]
    )
    schema = TABLES["not_testable"].empty().drop("room").schema
    rows = pl.concat([changed, billing.incomplete])
    return rows.with_columns(exposed_minor=pl.lit(None, dtype=pl.Int64), currency=pl.lit(None, dtype=pl.String)).select(
        list(schema)
    )
