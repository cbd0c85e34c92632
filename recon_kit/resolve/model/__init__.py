"""The link model: Splink's weight of every blocked pair, then context, competition and calibration."""

from recon_kit.resolve.model.link_model import LinkModel, shipped_model
from recon_kit.resolve.model.pairs import score_pairs

__all__ = ["LinkModel", "score_pairs", "shipped_model"]
