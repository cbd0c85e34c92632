"""Read Stripe: a snapshot of any API version becomes canonical tables, in the state every object had on as_of."""

from recon_kit.normalise.stripe.reading import RESTORED, read_stripe

__all__ = ["RESTORED", "read_stripe"]
