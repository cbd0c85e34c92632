"""Salesforce: accounts, contacts, opportunities and their lines, read through a field map."""

from recon_kit.normalise.salesforce.reading import read_salesforce

__all__ = ["read_salesforce"]
