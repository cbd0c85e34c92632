"""Who is who: which Stripe customer belongs to which Salesforce account, how sure, and why."""

from recon_kit.resolve.candidates import propose_candidates
from recon_kit.resolve.coverage import (
    coverage_by_evidence,
    coverage_by_method,
    unmatched_accounts,
    unmatched_customers,
)
from recon_kit.resolve.decided import decided_links
from recon_kit.resolve.explicit_ids import explicit_claims, link_faults
from recon_kit.resolve.links import choose_links, link_controls
from recon_kit.resolve.model_report import blocking_counts, model_weights, pair_weights_in_steps

__all__ = [
    "blocking_counts",
    "choose_links",
    "coverage_by_evidence",
    "coverage_by_method",
    "decided_links",
    "explicit_claims",
    "link_controls",
    "link_faults",
    "model_weights",
    "pair_weights_in_steps",
    "propose_candidates",
    "unmatched_accounts",
    "unmatched_customers",
]
