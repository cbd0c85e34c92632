"""Read a snapshot of Stripe of any API version into canonical tables, in the state every object had on as_of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from recon_kit.asof import end_of_day
from recon_kit.normalise.stripe.balance import read_balance
from recon_kit.normalise.stripe.billing import read_billing
from recon_kit.normalise.stripe.buckets import Placed
from recon_kit.normalise.stripe.coverage import not_testable_rows, require_files, source_mode
from recon_kit.normalise.stripe.files import Snapshot
from recon_kit.normalise.stripe.history import read_history
from recon_kit.normalise.stripe.payment_tables import read_payments
from recon_kit.normalise.stripe.reader import RAW, Reader
from recon_kit.normalise.stripe.records import Pull
from recon_kit.normalise.stripe.rules import an_id
from recon_kit.normalise.stripe.shapes_money import COUNTED
from recon_kit.normalise.stripe.unknown_fields import unknown_field_notes
from recon_kit.policy import Policy
from recon_kit.quarantine import Reading
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import STRIPE

RESTORED = "restored"
"""Subject of the note that counts rows of a table that no file of the object holds."""
_COUNTED = {"subscription_schedules": "subscription_schedule", "balance": "balance"}
"""Objects that are only counted, and what ``object`` says in them."""


def read_stripe(raw: Path, *, policy: Policy, as_of: dt.date) -> Reading:
    """Read what Stripe said.

    Args:
        raw: folder that holds ``stripe/``.
        policy: mode and time zone.
        as_of: the day of the close; what happened after it is wound back or left out.

    Returns:
        The canonical tables of Stripe (``subscriptions`` without MRR) with working columns, every record's bucket, and
        what the snapshot cannot tell.

    Raises:
        SchemaError: a required file is missing or cannot be read, or no record has a required field.
    """
    pull = Pull(Snapshot(raw), policy, as_of, end_of_day(as_of, policy.timezone))
    require_files(pull.snapshot)
    mode = source_mode(pull)
    reader = Reader(pull, read_history(pull, RAW["events"], source_mode=mode), mode)
    billing = read_billing(reader)
    payments = read_payments(reader, billing)
    balance = read_balance(reader, payments.modes)
    placed = {
        "events": reader.history.placed,
        **billing.placed,
        **payments.placed,
        **balance.placed,
        **_counted(reader),
    }
    return Reading(
        tables={
            **billing.tables,
            **payments.tables,
            "balance_transactions": balance.balance_transactions,
            "payouts_raw": balance.payouts,
        },
        quarantine=_all([one.quarantine for one in placed.values()]),
        excluded=_all([one.excluded for one in placed.values()]),
        buckets=_all([one.buckets for one in placed.values()]),
        not_testable=not_testable_rows(billing),
        notes=pl.concat([_notes(placed), unknown_field_notes(raw)]),
    )


def _all(frames: list[pl.DataFrame]) -> pl.DataFrame:
    rows = pl.concat(frames)
    return rows.sort(rows.columns, nulls_last=True)


def _counted(reader: Reader) -> dict[str, Placed]:
    placed = {}
    for name, kind in _COUNTED.items():
        records = reader.read(name, COUNTED, object_type=kind)
        placed[name] = reader.place(records, name, [] if name == "balance" else [an_id()])
    return placed


def _notes(placed: Mapping[str, Placed]) -> pl.DataFrame:
    """Rows of ``notes``: objects that were deleted after as_of and stand in the tables as their events tell them."""
    restored = {name: int(one.accepted["is_restored"].sum()) for name, one in placed.items()}
    rows = [
        {
            "source": STRIPE,
            "object": name,
            "subject": RESTORED,
            "message": "Deleted after the day of the close; brought back from the event that tells their last state.",
            "records": count,
        }
        for name, count in sorted(restored.items())
        if count
    ]
    return pl.DataFrame(rows, schema=TABLES["notes"].empty().schema)
