"""Normalise: what each system said, in one language, with its MRR."""

from recon_kit.normalise.both_sides import BothSides, normalise_controls, read_common_rates, value_both
from recon_kit.normalise.keys import key_coverage
from recon_kit.normalise.report import (
    WORKSHEET_STEPS,
    gate_by_rule,
    mrr_by_currency,
    rates_in_use,
    where_records_went,
)
from recon_kit.normalise.salesforce import read_salesforce
from recon_kit.normalise.stripe import read_stripe

__all__ = [
    "WORKSHEET_STEPS",
    "BothSides",
    "gate_by_rule",
    "key_coverage",
    "mrr_by_currency",
    "normalise_controls",
    "rates_in_use",
    "read_common_rates",
    "read_salesforce",
    "read_stripe",
    "value_both",
    "where_records_went",
]
