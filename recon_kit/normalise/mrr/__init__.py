"""MRR of contracts and of subscriptions, by one definition, with the worksheet that re-performs it."""

from recon_kit.normalise.mrr.contract_mrr import value_contracts
from recon_kit.normalise.mrr.effective import mark_effective
from recon_kit.normalise.mrr.subscription_mrr import value_subscriptions
from recon_kit.normalise.mrr.valuation import Valuation, expose

__all__ = ["Valuation", "expose", "mark_effective", "value_contracts", "value_subscriptions"]
