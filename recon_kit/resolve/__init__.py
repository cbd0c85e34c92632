"""Who is who: which Stripe customer belongs to which Salesforce account, how sure, and why."""

from recon_kit.resolve.candidates import propose_candidates
from recon_kit.resolve.coverage import coverage_by_method, unmatched_accounts, unmatched_customers
from recon_kit.resolve.decided import decided_links
from recon_kit.resolve.explicit_ids import explicit_claims, link_faults
from recon_kit.resolve.links import choose_links, link_controls

__all__ = [
    "choose_links",
    "coverage_by_method",
    "decided_links",
    "explicit_claims",
    "link_controls",
    "link_faults",
    "propose_candidates",
    "unmatched_accounts",
    "unmatched_customers",
]
