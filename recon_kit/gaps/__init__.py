"""Where sales and billing disagree: by whom, by how much, why, since when, and what to correct."""

from recon_kit.gaps.explanation import explain
from recon_kit.gaps.findings import Findings, find_gaps
from recon_kit.gaps.report import (
    DRILL_DOWN,
    acting_gaps,
    by_customer,
    by_direction,
    by_family_and_cause,
    currency_effect,
    explained,
    money_sentence,
    pending_gaps,
    settled_gaps,
    waiting_gaps,
)

__all__ = [
    "DRILL_DOWN",
    "Findings",
    "acting_gaps",
    "by_customer",
    "by_direction",
    "by_family_and_cause",
    "currency_effect",
    "explain",
    "explained",
    "find_gaps",
    "money_sentence",
    "pending_gaps",
    "settled_gaps",
    "waiting_gaps",
]
