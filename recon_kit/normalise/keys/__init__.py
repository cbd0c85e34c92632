"""Keys: the forms in which names, addresses, numbers and places of two systems can be compared."""

from recon_kit.normalise.keys.coverage import key_coverage
from recon_kit.normalise.keys.link_keys import account_keys, customer_keys

__all__ = ["account_keys", "customer_keys", "key_coverage"]
