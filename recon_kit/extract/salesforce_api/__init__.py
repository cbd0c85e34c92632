"""Salesforce itself: log in, ask which fields there are, and fetch the objects of the raw layout."""

from recon_kit.extract.salesforce_api.pull import pull_salesforce
from recon_kit.extract.salesforce_api.raw import write_raw

__all__ = ["pull_salesforce", "write_raw"]
