"""Where sales and billing disagree: by whom, by how much, why, since when, and what to correct."""

from recon_kit.gaps.drift import aggregate_drift
from recon_kit.gaps.drill_down import LABELS, details, known_contracts, known_subscriptions
from recon_kit.gaps.explanation import explain
from recon_kit.gaps.findings import Findings, find_gaps
from recon_kit.gaps.money_page import (
    dismissal_sentence,
    do_first,
    drift_sentence,
    field_owners,
    key_figures,
    money_sentence,
)
from recon_kit.gaps.report import (
    acting_gaps,
    by_customer,
    by_direction,
    by_family_and_cause,
    currency_effect,
    dismissed_gaps,
    explained,
    pending_gaps,
    settled_gaps,
    told_in,
    waiting_gaps,
)

__all__ = [
    "LABELS",
    "Findings",
    "acting_gaps",
    "aggregate_drift",
    "by_customer",
    "by_direction",
    "by_family_and_cause",
    "currency_effect",
    "details",
    "dismissal_sentence",
    "dismissed_gaps",
    "do_first",
    "drift_sentence",
    "explain",
    "explained",
    "field_owners",
    "find_gaps",
    "key_figures",
    "known_contracts",
    "known_subscriptions",
    "money_sentence",
    "pending_gaps",
    "settled_gaps",
    "told_in",
    "waiting_gaps",
]
