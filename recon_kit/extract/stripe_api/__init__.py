"""Pull what Stripe says: every list it keeps, page by page, and what changed since the last pull."""

from recon_kit.extract.stripe_api.pull import pull_stripe
from recon_kit.extract.stripe_api.raw_lines import write_raw

__all__ = ["pull_stripe", "write_raw"]
