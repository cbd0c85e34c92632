"""Recon Kit: prove that Salesforce, Stripe, the ledger and the bank tell one story, and say where they do not."""

__version__ = "0.1.0"
