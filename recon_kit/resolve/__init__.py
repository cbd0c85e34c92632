"""Who is who: which Stripe customer belongs to which Salesforce account, how sure, and why."""

from recon_kit.resolve.candidates import propose_candidates
from recon_kit.resolve.coverage import (
    coverage_by_evidence,
    coverage_by_method,
    key_figures,
    unmatched_accounts,
    unmatched_customers,
)
from recon_kit.resolve.decided import decided_links
from recon_kit.resolve.duplicates import duplicate_accounts, duplicate_opportunities, twice_counted
from recon_kit.resolve.explicit_ids import explicit_claims, link_faults
from recon_kit.resolve.links import choose_links, link_controls
from recon_kit.resolve.model import model_in_use
from recon_kit.resolve.model_report import blocking_counts, model_weights, pair_weights_in_steps
from recon_kit.resolve.review import LABELS, links_with_names, pair_sentence, pair_to_show
from recon_kit.resolve.to_decide import review_queue

__all__ = [
    "LABELS",
    "blocking_counts",
    "choose_links",
    "coverage_by_evidence",
    "coverage_by_method",
    "decided_links",
    "duplicate_accounts",
    "duplicate_opportunities",
    "explicit_claims",
    "key_figures",
    "link_controls",
    "link_faults",
    "links_with_names",
    "model_in_use",
    "model_weights",
    "pair_sentence",
    "pair_to_show",
    "pair_weights_in_steps",
    "propose_candidates",
    "review_queue",
    "twice_counted",
    "unmatched_accounts",
    "unmatched_customers",
]
