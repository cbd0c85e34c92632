"""Verdicts: for each cause its direction, where it is corrected, whose work it is."""

from __future__ import annotations

import polars as pl

UNDER, OVER = "under_billed", "over_billed"
OVERSTATED, UNDERSTATED = "crm_overstated", "crm_understated"
STRIPE, SALESFORCE, UNDECIDED = "stripe", "salesforce", "undecided"
BILLING, REVOPS, SUCCESS, FINANCE = "Billing", "RevOps", "Customer Success", "Finance"

_VERDICTS = [
    # cause, direction where Salesforce is higher (or equal), where Stripe is higher, corrected in, owner
    ("handoff_missed", UNDER, UNDER, STRIPE, BILLING),
    ("timing_lag", UNDER, UNDER, STRIPE, BILLING),
    ("late_start", UNDER, UNDER, STRIPE, BILLING),
    ("ends_early", UNDER, UNDER, STRIPE, BILLING),
    ("cancellation", UNDER, UNDER, STRIPE, BILLING),
    ("trial", UNDER, UNDER, STRIPE, BILLING),
    ("paused", UNDER, UNDER, STRIPE, BILLING),
    ("discount", UNDER, OVER, STRIPE, BILLING),
    ("cancellation_not_in_billing", OVER, OVER, STRIPE, BILLING),
    ("billing_past_end", OVER, OVER, STRIPE, BILLING),
    ("early_start", OVER, OVER, STRIPE, BILLING),
    ("ends_late", OVER, OVER, STRIPE, BILLING),
    ("tax", OVER, OVER, STRIPE, BILLING),
    ("expansion", UNDERSTATED, UNDERSTATED, SALESFORCE, REVOPS),
    ("self_service_signup", UNDERSTATED, UNDERSTATED, SALESFORCE, REVOPS),
    ("trial_conversion", UNDERSTATED, UNDERSTATED, SALESFORCE, REVOPS),
    ("merge_residue", UNDERSTATED, UNDERSTATED, SALESFORCE, REVOPS),
    ("contraction", OVERSTATED, OVERSTATED, SALESFORCE, REVOPS),
    ("cancellation_not_in_crm", OVERSTATED, OVERSTATED, SALESFORCE, REVOPS),
    ("failed_payment", OVERSTATED, OVERSTATED, SALESFORCE, SUCCESS),
    ("currency", OVERSTATED, UNDERSTATED, SALESFORCE, REVOPS),
    ("amount_basis", OVERSTATED, UNDERSTATED, SALESFORCE, REVOPS),
    ("refund_or_credit", UNDER, OVER, UNDECIDED, FINANCE),
    ("rounding", UNDER, OVER, UNDECIDED, FINANCE),
    ("unexplained", UNDER, OVER, UNDECIDED, FINANCE),
]
"""Which system owns which field decides where a cause is corrected (see ``policy.FIELD_OWNERS``)."""

CAUSES = [row[0] for row in _VERDICTS]


def with_verdict(gaps: pl.DataFrame) -> pl.DataFrame:
    """Add ``direction``, ``correct_in`` and ``owner_team`` by ``cause`` and the sign of the cause's amount.

    Args:
        gaps: rows with ``cause`` and ``cause_amount`` (minor units; 0 counts as positive).
    """
    columns = ["cause", "if_positive", "if_negative", "correct_in", "owner_team"]
    table = pl.DataFrame(_VERDICTS, schema=columns, orient="row")
    judged = gaps.join(table, on="cause", how="left", validate="m:1")
    direction = pl.when(pl.col("cause_amount") < 0).then("if_negative").otherwise("if_positive")
    return judged.with_columns(direction=direction).drop("if_positive", "if_negative")
