"""HTTP servers on loopback that answer as Stripe and Salesforce do, each in a process of its own."""

from .starting import Running, salesforce_server, stripe_server

__all__ = ["Running", "salesforce_server", "stripe_server"]
