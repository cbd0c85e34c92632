"""Terms: what codes of the close mean in plain words; the tables of the close keep the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILIES = {
    "missing_subscription": "Sold, no subscription in Stripe",
    "amount_mismatch": "Amounts differ",
    "billing_after_churn": "Billed after the customer left",
    "date_misalignment": "Dates differ",
    "phantom_revenue": "Sold, the subscription ended",
    "orphaned_revenue": "Billed, not sold",
    "none": "No gap",
}
_CAUSES = {
    "handoff_missed": "Handoff missed",
    "timing_lag": "Handoff under way",
    "expansion": "Expansion not recorded",
    "contraction": "Contraction not recorded",
    "amount_basis": "Amount entered for another period",
    "currency": "Exchange rate",
    "tax": "Tax counted on one side",
    "discount": "Discount on one side",
    "trial": "In trial",
    "paused": "Collection paused",
    "cancellation": "Part cancelled in Stripe",
    "rounding": "Rounding",
    "unexplained": "Unexplained",
    "refund_or_credit": "Refund or credit",
    "cancellation_not_in_billing": "Cancelled in Salesforce only",
    "cancellation_not_in_crm": "Cancelled in Stripe only",
    "failed_payment": "Failed payment",
    "billing_past_end": "Billed past the contract's end",
    "late_start": "Billing started late",
    "early_start": "Billing started early",
    "ends_early": "Billing will end early",
    "ends_late": "Billing will end late",
    "self_service_signup": "Signed up without sales",
    "trial_conversion": "Trial became paid",
    "merge_residue": "Left over from a merged account",
    "manual_discount": "Discount given by hand",
    "off_cycle_credit": "Credit off the cycle",
    "amendment": "Amendment of a large value",
    "gap": "Gap",
    "failed_extract": "Extraction failed",
    "aggregate": "All open gaps together",
    "straggler": "Large and unmatched",
    "unmatched_count": "Many unmatched",
    "unmatched_growth": "Unmatched and growing",
}
_STATES = {
    "in_window": "too young",
    "timing": "expected to clear",
    "open": "open",
    "accepted": "accepted",
    "rejected": "rejected",
    "resolved": "resolved",
    "dismissed": "dismissed by rule",
}
_DIRECTIONS = {
    "under_billed": "Billed too little",
    "over_billed": "Billed too much",
    "crm_overstated": "Salesforce shows too much",
    "crm_understated": "Salesforce shows too little",
}
_SYSTEMS = {
    "stripe": "Stripe",
    "salesforce": "Salesforce",
    "ledger": "Ledger",
    "undecided": "to be decided",
    "crm": "Salesforce",
    "billing": "Stripe",
}

_TERMS: Mapping[str, Mapping[str, str]] = {
    "family": _FAMILIES,
    "cause": _CAUSES,
    "kind": {**_FAMILIES, **_CAUSES},
    "component": _CAUSES,
    "state": _STATES,
    "direction": _DIRECTIONS,
    "correct_in": _SYSTEMS,
    "side": _SYSTEMS,
}


def in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """Write the codes of families, causes, components, states, directions and systems in plain words.

    Args:
        frame: rows with any of the columns ``family``, ``cause``, ``component``, ``state``, ``direction``,
            ``correct_in``, ``side``.

    Returns:
        The same rows and columns; a code without a term of its own is written with spaces.
    """
    known = [name for name in _TERMS if name in frame.columns]
    return frame.with_columns(_spoken(name) for name in known)


def term(column: str, code: str) -> str:
    """Return one code of a column in plain words."""
    return _TERMS[column].get(code, code.replace("_", " "))


def _spoken(name: str) -> pl.Expr:
    spaced = pl.col(name).str.replace_all("_", " ", literal=True)
    terms = _TERMS[name]
    return pl.col(name).replace_strict(list(terms), list(terms.values()), default=spaced, return_dtype=pl.String)
