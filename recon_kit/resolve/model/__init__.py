"""The link model: Splink's weight of every blocked pair, then context, competition and calibration."""

from recon_kit.resolve.model.link_model import LinkModel, ModelInUse, model_in_use, shipped_model
from recon_kit.resolve.model.pairs import score_pairs

__all__ = ["LinkModel", "ModelInUse", "model_in_use", "score_pairs", "shipped_model"]
